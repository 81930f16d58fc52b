/* test_multi_talkback_server.c - the select server answers everybody, and no
 * client can hold up or harm another. */
#include "support/spawn.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PROGRAM EXAMPLES_DIR "/multi_talkback_server"

static struct spawn       server;
static struct spawn_place place;

static bool launch(void)
{
    return spawn_start(&server, PROGRAM,
                       (const char *[]){place.address, place.port, NULL});
}

static int start(void **state)
{
    (void)state;
    spawn_place_pick(&place);
    return launch() ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    spawn_stop(&server);
    return 0;
}

/* A new client that was welcomed by this number. */
static int welcomed(int number)
{
    char text[256];
    int  fd = spawn_connect(&server, &place);

    (void)snprintf(text, sizeof text,
                   "\nBienvenido al Servidor De Prueba de PHP. \n"
                   "Usted es el cliente numero: %d\nPara salir, escriba "
                   "'quit'. Para cerrar el servidor escriba 'shutdown'.\n",
                   number);
    assert_true(fd >= 0);
    assert_true(spawn_expect_text(fd, text));
    return fd;
}

/* This client says a line and gets its answer; the line is printed. */
static void talks(int fd, int number)
{
    char answer[64];

    assert_true(spawn_send(fd, "hola\n", 5));
    (void)snprintf(answer, sizeof answer, "Cliente %d: Usted dijo 'hola'.\n",
                   number);
    assert_true(spawn_expect_text(fd, answer));
    assert_true(spawn_expect_text(server.out, "hola\n"));
}

static void clients_take_turns(void **state)
{
    int a = welcomed(0), b = welcomed(1);

    (void)state;
    talks(b, 1);
    talks(a, 0);
    talks(b, 1);
    assert_true(spawn_send(b, "quit\n", 5));
    assert_true(spawn_expect_end(b));
    talks(a, 0);
    close(a);
    close(b);
}

static void numbers_are_not_used_again(void **state)
{
    int a = welcomed(0), b = welcomed(1), c;

    (void)state;
    assert_true(spawn_send(a, "quit\n", 5));
    assert_true(spawn_expect_end(a));
    c = welcomed(2);
    talks(c, 2);
    talks(b, 1);
    close(a);
    close(b);
    close(c);
}

static void line_ends_and_empty_lines(void **state)
{
    int a = welcomed(0);

    (void)state;
    assert_true(spawn_send(a, "uno\r\n\n0\n \r\n tres \rquit\r\n", 23));
    assert_true(spawn_expect_text(a, "Cliente 0: Usted dijo 'uno'.\n"
                                     "Cliente 0: Usted dijo 'tres'.\n"));
    assert_true(spawn_expect_text(server.out, "uno\ntres\n"));
    close(a);
}

static void buffered_lines_are_all_answered(void **state)
{
    int a = welcomed(0), b = welcomed(1);

    (void)state;
    assert_true(spawn_send(a, "a\nb\nc\nquit\n", 11));
    assert_true(spawn_expect_text(a, "Cliente 0: Usted dijo 'a'.\n"
                                     "Cliente 0: Usted dijo 'b'.\n"
                                     "Cliente 0: Usted dijo 'c'.\n"));
    assert_true(spawn_expect_end(a));
    assert_true(spawn_expect_text(server.out, "a\nb\nc\n"));
    talks(b, 1);
    close(a);
    close(b);
}

static void half_a_line_stalls_nobody(void **state)
{
    int a = welcomed(0), b = welcomed(1);

    (void)state;
    assert_true(spawn_send(a, "me", 2));
    talks(b, 1);
    assert_true(spawn_send(a, "di", 2));
    talks(b, 1);
    assert_true(spawn_send(a, "o\n", 2));
    assert_true(spawn_expect_text(a, "Cliente 0: Usted dijo 'medio'.\n"));
    assert_true(spawn_expect_text(server.out, "medio\n"));
    close(a);
    close(b);
}

static void an_overlong_line_comes_in_pieces_of_2048(void **state)
{
    char line[2101], answer[2200];
    int  a = welcomed(0);

    (void)state;
    memset(line, 'a', 2100);
    line[2100] = '\n';
    assert_true(spawn_send(a, line, sizeof line));
    (void)snprintf(answer, sizeof answer,
                   "Cliente 0: Usted dijo '%.2048s'.\n"
                   "Cliente 0: Usted dijo '%.52s'.\n",
                   line, line);
    assert_true(spawn_expect_text(a, answer));
    close(a);
}

static void nul_bytes_are_kept(void **state)
{
    int a = welcomed(0);

    (void)state;
    assert_true(spawn_send(a, "\0a\0b\xff\0\n", 7));
    assert_true(spawn_expect(a, "Cliente 0: Usted dijo 'a\0b\xff'.\n", 30));
    assert_true(spawn_expect(server.out, "a\0b\xff\n", 5));
    close(a);
}

static void shutdown_closes_everybody(void **state)
{
    int a = welcomed(0), b = welcomed(1);

    (void)state;
    assert_true(spawn_send(b, "shutdown\n", 9));
    assert_true(spawn_expect_end(a));
    assert_true(spawn_expect_end(b));
    assert_int_equal(spawn_wait(&server), 0);
    close(a);
    close(b);
}

static void the_server_goes_on_without_clients(void **state)
{
    int a, b, c;

    (void)state;
    close(welcomed(0));
    a = welcomed(1);
    shutdown(a, SHUT_WR);
    assert_true(spawn_expect_end(a));
    b = welcomed(2);
    c = welcomed(3);
    close(b);
    talks(c, 3);
    close(a);
    close(c);
}

static void an_unfinished_last_line_is_answered(void **state)
{
    int a = welcomed(0), b = welcomed(1);

    (void)state;
    assert_true(spawn_send(a, "hola\nadi", 8));
    shutdown(a, SHUT_WR);
    assert_true(spawn_expect_text(a, "Cliente 0: Usted dijo 'hola'.\n"
                                     "Cliente 0: Usted dijo 'adi'.\n"));
    assert_true(spawn_expect_end(a));
    assert_true(spawn_send(b, "fuera", 5));
    close(b);
    assert_true(spawn_expect_text(server.out, "hola\nadi\nfuera\n"));
    talks(welcomed(2), 2);
    close(a);
}

static void lines_left_behind_are_all_printed(void **state)
{
    int a = welcomed(0);

    (void)state;
    assert_true(spawn_send(a, "uno\ndos\ntres", 12));
    shutdown(a, SHUT_WR);
    close(a);
    assert_true(spawn_expect_text(server.out, "uno\ndos\ntres\n"));
    talks(welcomed(1), 1);
}

static void a_reset_is_told_and_survived(void **state)
{
    int a = welcomed(0), b = welcomed(1);

    (void)state;
    assert_true(spawn_send(a, "hola\nadi", 8));
    assert_true(spawn_expect_text(a, "Cliente 0: Usted dijo 'hola'.\n"));
    spawn_reset(a);
    assert_true(spawn_expect_text(server.out,
                                  "hola\nsocket_read() falló: razón: "
                                  "Connection reset by peer\n"));
    talks(b, 1);
    talks(welcomed(2), 2);
    close(b);
}

/* Send lines, take no answers, until the server drops us; what it prints is
 * taken, or it would wait for that. True if it dropped us. */
static bool flood(int fd)
{
    static char   lines[65536], trash[65536];
    struct pollfd p[2] = {{.fd = fd, .events = POLLOUT},
                          {.fd = server.out, .events = POLLIN}};

    memset(lines, 'x', sizeof lines);
    lines[2000] = lines[sizeof lines - 1] = '\n';
    while (poll(p, 2, SPAWN_PATIENCE) > 0) {
        if (p[1].revents && read(server.out, trash, sizeof trash) <= 0)
            return false;
        if (p[0].revents & POLLERR)
            return true;
        if (p[0].revents &&
            send(fd, lines, sizeof lines, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            if (errno != EAGAIN)
                return true;
    }
    return false;
}

static void who_takes_no_answers_is_dropped(void **state)
{
    int a = welcomed(0), b = welcomed(1);

    (void)state;
    assert_true(flood(a));
    assert_true(spawn_send(b, "sigue\n", 6));
    assert_true(spawn_expect_text(b, "Cliente 1: Usted dijo 'sigue'.\n"));
    close(a);
    close(b);
}

static void a_hundred_clients_are_served(void **state)
{
    int fd[100], i;

    (void)state;
    for (i = 0; i < 100; i++)
        fd[i] = welcomed(i);
    for (i = 99; i >= 0; i--)
        talks(fd[i], i);
    for (i = 0; i < 100; i++)
        close(fd[i]);
}

static void a_taken_port_is_told(void **state)
{
    int holder;

    (void)state;
    spawn_place_pick(&place);
    holder = spawn_occupy(&place, SOCK_STREAM);
    assert_true(launch());
    assert_true(spawn_expect_text(server.out, "socket_bind() falló: razón: "
                                              "Address already in use\n"));
    assert_int_equal(spawn_wait(&server), 1);
    close(holder);
}

static void help_is_printed(void **state)
{
    (void)state;
    assert_true(
        spawn_start(&server, PROGRAM, (const char *[]){"--help", NULL}));
    assert_true(
        spawn_expect_text(server.out, "usage: " PROGRAM " [ADDRESS [PORT]]\n"));
    assert_int_equal(spawn_wait(&server), 0);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)
#define ALONE(test) cmocka_unit_test_teardown(test, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(clients_take_turns),
        SERVED(numbers_are_not_used_again),
        SERVED(line_ends_and_empty_lines),
        SERVED(buffered_lines_are_all_answered),
        SERVED(half_a_line_stalls_nobody),
        SERVED(an_overlong_line_comes_in_pieces_of_2048),
        SERVED(nul_bytes_are_kept),
        SERVED(shutdown_closes_everybody),
        SERVED(the_server_goes_on_without_clients),
        SERVED(an_unfinished_last_line_is_answered),
        SERVED(lines_left_behind_are_all_printed),
        SERVED(a_reset_is_told_and_survived),
        SERVED(who_takes_no_answers_is_dropped),
        SERVED(a_hundred_clients_are_served),
        ALONE(a_taken_port_is_told),
        ALONE(help_is_printed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
