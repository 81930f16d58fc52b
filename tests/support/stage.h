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

/** The test of a UDP server, which is started at a free place. */
#define STAGE_UDP(test)                                                        \
    cmocka_unit_test_setup_teardown(test, stage_open_udp, stage_close)

/** Before the program is started: what it finds. It lasts for this test. */
void        stage_set_variable(const char *variable); /* "NAME=VALUE" */
const char *stage_set_folder(void); /* an empty one, removed at the end */

/** Move to IPv6's ::1, or skip the test if there is none. */
void stage_move_to_ipv6(void);

/** Listen there, for stage_receive(). */
void stage_listen(void);

int stage_open_server(void **state);
int stage_open_client(void **state);
int stage_open_udp(void **state);
int stage_open(void **state);
int stage_close(void **state);

/** Start the program with these arguments; NULL ends them. */
void stage_start(const char *first, ...) __attribute__((sentinel));

/** Connect to the server; closed at the end of the test, if not before. */
int stage_enter(void);

/** The same, with room for little of what comes. */
int stage_enter_little(void);

/** A socket of the test's for packets to and from the UDP server; likewise. */
int stage_join(void);

/** Accept the client's connection; closed at the end of the test likewise. */
int stage_receive(void);

/** End the program, which must have printed nothing more, and nothing at all if
 * nobody read anything. */
void stage_end_silent(void);

/** Close a connection of the test's; with a reset, if that is wanted. */
void stage_leave(int fd);
void stage_reset(int fd);

/** Listen at stage_place, but with this port, a client's default; or skip the
 * test if that is not possible here. */
void stage_listen_at_default(int port);

/** Stop the program where it is, whatever arrives, until it is resumed. */
void stage_pause(void);
void stage_resume(void);

/** Milliseconds of processor time that the program has used. */
long stage_used(void);

/* What is said and heard: all as printf() has it. */

/** The test's connection sends this, or gets exactly this next. */
#define stage_says(fd, ...) assert_true(stage_send(fd, __VA_ARGS__))
#define stage_hears(fd, ...) assert_true(stage_expect(fd, __VA_ARGS__))

/** This is what the program prints next, or writes to standard error. */
#define stage_prints(...) assert_true(stage_expect(stage.out, __VA_ARGS__))
#define stage_complains(...) assert_true(stage_expect(stage.err, __VA_ARGS__))

/** Bytes of a text literal, NULs too, for spawn_send() and spawn_expect(). */
#define STAGE_BYTES(literal) "" literal, sizeof(literal) - 1

bool stage_send(int fd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool stage_expect(int fd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Nothing more comes, for the program closed the connection. */
void stage_hears_end(int fd);

/** The connection was cut: at an end or by a reset, with nothing before. */
void stage_is_cut(int fd);

/** Nothing more is printed, and the program exits so. */
void stage_ends(int status);

/** Nobody listens at the place any more. */
void stage_refuses(void);

/* What all programs have in common. */

/** Asked for help, the program prints how it is called. */
void stage_help(const char *arguments);

/** Started where somebody has the port, the program says this and exits so. */
void stage_port_taken(int type, const char *printed, int status);

/** The same at a default: started without arguments, where default_address has
 * this port; or with the address of stage_place alone if that is NULL. */
void stage_default_taken(int type, const char *default_address, int port,
                         const char *printed, int status);

#endif
