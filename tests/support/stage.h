/* stage.h - an example program on stage: where it plays, how it begins and
 * ends. Its partners are the plain sockets of spawn.h.
 *
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = {
 *             STAGE_SERVER(a_line_is_answered),
 *             STAGE_ALONE(a_taken_port_is_told),
 *         };
 *
 *         stage_program(EXAMPLES_DIR "/talkback_server");
 *         return cmocka_run_group_tests(tests, NULL, NULL);
 *     }
 */
#ifndef STAGE_H
#define STAGE_H

#include "support/spawn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/** The program that is running, and where. */
extern struct spawn       stage;
extern struct spawn_place stage_place;

/** Say which program; once, before anything else. */
void stage_program(const char *path);

/** The test of a server, which is started at a free place. */
#define STAGE_SERVER(test)                                                     \
    cmocka_unit_test_setup_teardown(test, stage_open_server, stage_close)

/** The test of a client, which is started with a listener there. */
#define STAGE_CLIENT(test)                                                     \
    cmocka_unit_test_setup_teardown(test, stage_open_client, stage_close)

/** A test that starts the program itself, a free place being picked. */
#define STAGE_ALONE(test)                                                      \
    cmocka_unit_test_setup_teardown(test, stage_open, stage_close)

int stage_open_server(void **state);
int stage_open_client(void **state);
int stage_open(void **state);
int stage_close(void **state);

/** Start the program with these arguments; NULL ends them. */
void stage_start(const char *first, ...) __attribute__((sentinel));

/** Connect to the server; closed at the end of the test, if not before. */
int stage_enter(void);

/** Accept the client's connection; closed at the end of the test likewise. */
int stage_receive(void);

/** Close a connection of the test's; with a reset, if that is wanted. */
void stage_leave(int fd);
void stage_reset(int fd);

/** Started where somebody has the port, the program says this and exits so. */
void stage_port_taken(int type, const char *printed, int status);

#endif
