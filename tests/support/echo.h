/* echo.h - what both echo servers promise, for the test of each.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_ECHO_H
#define TESTS_SUPPORT_ECHO_H

#include "support/stage.h"

/** Setup: start the server at a free place; it says that it listens there. */
int echo_open(void **state);

/** How the line begins that says so; behind it are "on ADDRESS:PORT". */
void echo_says(const char *greeting);

/** These bytes come back to this client. */
void echo_back(int fd, const void *bytes, size_t len);

/* The promises; all want echo_open(). */
void bytes_come_back_as_they_are(void **state);
void each_client_gets_its_own_bytes(void **state);
void a_megabyte_comes_back_whole(void **state);
void what_was_sent_before_the_end_comes_back(void **state);
void a_reset_does_no_harm(void **state);
void who_does_not_read_harms_nobody(void **state);
void many_clients_are_served(void **state);
void a_stop_is_survived(void **state);

#define ECHO_TESTS                                                             \
    ECHO_TEST(bytes_come_back_as_they_are),                                    \
        ECHO_TEST(each_client_gets_its_own_bytes),                             \
        ECHO_TEST(a_megabyte_comes_back_whole),                                \
        ECHO_TEST(what_was_sent_before_the_end_comes_back),                    \
        ECHO_TEST(a_reset_does_no_harm),                                       \
        ECHO_TEST(who_does_not_read_harms_nobody),                             \
        ECHO_TEST(many_clients_are_served), ECHO_TEST(a_stop_is_survived)

#define ECHO_TEST(test)                                                        \
    cmocka_unit_test_setup_teardown(test, echo_open, stage_close)

#endif
