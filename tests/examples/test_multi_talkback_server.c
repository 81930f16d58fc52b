/* test_multi_talkback_server.c - the select server answers everybody, and no
 * client can hold up or harm another. */
#include "support/stage.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define TAKEN "socket_bind() falló: razón: Address already in use\n"
#define PIECE 2048

static void hears_welcome(int fd, int number)
{
    stage_hears(fd,
                "\nBienvenido al Servidor De Prueba de PHP. \n"
                "Usted es el cliente numero: %d\nPara salir, escriba "
                "'quit'. Para cerrar el servidor escriba 'shutdown'.\n",
                number);
}

/* A new client that was welcomed by this number. */
static int welcomed(int number)
{
    int fd = stage_enter();

    hears_welcome(fd, number);
    return fd;
}

static void answered(int fd, int number, const char *line)
{
    stage_hears(fd, "Cliente %d: Usted dijo '%s'.\n", number, line);
}

/* This client says a line and gets its answer; the line is printed. */
static void talks(int fd, int number)
{
    stage_says(fd, "hola %d\n", number);
    stage_hears(fd, "Cliente %d: Usted dijo 'hola %d'.\n", number, number);
    stage_prints("hola %d\n", number);
}

static void quits(int fd)
{
    stage_says(fd, "quit\n");
    stage_hears_end(fd);
}

static void clients_take_turns(void **state)
{
    int a = welcomed(0), b = welcomed(1);

    (void)state;
    talks(b, 1);
    talks(a, 0);
    talks(b, 1);
    quits(b);
    talks(a, 0);
}

static void numbers_are_not_used_again(void **state)
{
    int a = welcomed(0), b = welcomed(1), c;

    (void)state;
    quits(a);
    c = welcomed(2);
    talks(c, 2);
    talks(b, 1);
    quits(c);
    talks(welcomed(3), 3);
}

static void line_ends_and_empty_lines(void **state)
{
    int a = welcomed(0);

    (void)state;
    stage_says(a, "uno\r\n\n0\n \r\n 0\t\n tres \r00\n\f\nquit\r");
    answered(a, 0, "uno");
    answered(a, 0, "tres");
    answered(a, 0, "00");
    answered(a, 0, "\f");
    stage_is_cut(a);
    stage_prints("uno\ntres\n00\n\f\n");
    talks(welcomed(1), 1);
}

static void quit_and_shutdown_are_whole_lines(void **state)
{
    int a = welcomed(0);

    (void)state;
    stage_says(a, "QUIT\nquit ya\nshutdown!\n\vquit\t\n");
    answered(a, 0, "QUIT");
    answered(a, 0, "quit ya");
    answered(a, 0, "shutdown!");
    stage_hears_end(a);
    stage_prints("QUIT\nquit ya\nshutdown!\n");
    talks(welcomed(1), 1);
}

static void buffered_lines_are_all_answered(void **state)
{
    int a = welcomed(0), b = welcomed(1);

    (void)state;
    stage_says(a, "a\nb\nc\nquit\n");
    answered(a, 0, "a");
    answered(a, 0, "b");
    answered(a, 0, "c");
    stage_hears_end(a);
    stage_prints("a\nb\nc\n");
    talks(b, 1);
}

/* All of it is there when the server looks: a round is one line of each. */
static void a_round_is_one_line_of_each(void **state)
{
    char first[4];
    int  a = welcomed(0), b = welcomed(1), i;

    (void)state;
    stage_pause();
    stage_says(a, "x\nx\nx\n");
    stage_says(b, "y\ny\ny\n");
    assert_true(spawn_arrives(a) && spawn_arrives(b));
    stage_resume();
    for (i = 0; i < 4; i++)
        assert_int_equal(read(stage.out, first + i, 1), 1);
    assert_int_equal(first[0] + first[2], 'x' + 'y');
}

static void half_a_line_stalls_nobody(void **state)
{
    int a = welcomed(0), b = welcomed(1);

    (void)state;
    stage_says(a, "me");
    talks(b, 1);
    stage_says(a, "di");
    talks(b, 1);
    stage_says(a, "o\n");
    answered(a, 0, "medio");
    stage_prints("medio\n");
}

static void an_overlong_line_comes_in_pieces_of_2048(void **state)
{
    char line[PIECE + 53];
    int  a = welcomed(0);

    (void)state;
    memset(line, 'a', sizeof line);
    line[sizeof line - 1] = '\n';
    assert_true(spawn_send(a, line, sizeof line));
    stage_hears(a,
                "Cliente 0: Usted dijo '%.2048s'.\n"
                "Cliente 0: Usted dijo '%.52s'.\n",
                line, line);
    stage_prints("%.2048s\n%.52s\n", line, line);
}

static void nul_bytes_are_kept(void **state)
{
    int a = welcomed(0);

    (void)state;
    assert_true(spawn_send(a, STAGE_BYTES("\0a\0b\xff%s\0\n")));
    assert_true(
        spawn_expect(a, STAGE_BYTES("Cliente 0: Usted dijo 'a\0b\xff%s'.\n")));
    assert_true(spawn_expect(stage.out, STAGE_BYTES("a\0b\xff%s\n")));
}

static void shutdown_closes_everybody(void **state)
{
    int a = welcomed(0), b = welcomed(1);

    (void)state;
    stage_says(b, " shutdown\t\n");
    stage_hears_end(a);
    stage_hears_end(b);
    stage_ends(0);
    stage_refuses();
}

static void an_unfinished_shutdown_counts(void **state)
{
    int a = welcomed(0), b = welcomed(1);

    (void)state;
    stage_says(b, "shutdown");
    shutdown(b, SHUT_WR);
    stage_hears_end(a);
    stage_hears_end(b);
    stage_ends(0);
}

static void the_server_goes_on_without_clients(void **state)
{
    int a, b, c;

    (void)state;
    stage_leave(welcomed(0));
    a = welcomed(1);
    shutdown(a, SHUT_WR);
    stage_hears_end(a);
    b = welcomed(2);
    c = welcomed(3);
    stage_leave(b);
    talks(c, 3);
}

static void an_unfinished_last_line_is_answered(void **state)
{
    int a = welcomed(0), b = welcomed(1);

    (void)state;
    stage_says(a, "hola\nadi");
    shutdown(a, SHUT_WR);
    answered(a, 0, "hola");
    answered(a, 0, "adi");
    stage_hears_end(a);
    stage_says(b, "fuera");
    stage_leave(b);
    stage_prints("hola\nadi\nfuera\n");
    talks(welcomed(2), 2);
}

static void lines_left_behind_are_all_printed(void **state)
{
    int a = welcomed(0);

    (void)state;
    stage_pause();
    stage_says(a, "uno\ndos\ntres");
    stage_leave(a);
    stage_resume();
    stage_prints("uno\ndos\ntres\n");
    talks(welcomed(1), 1);
}

static void a_reset_is_told_and_survived(void **state)
{
    int a = welcomed(0), b = welcomed(1);

    (void)state;
    stage_says(a, "hola\nadi");
    answered(a, 0, "hola");
    stage_reset(a);
    stage_prints("hola\n"
                 "socket_read() falló: razón: Connection reset by peer\n");
    talks(b, 1);
    talks(welcomed(2), 2);
}

static void five_may_come_at_once(void **state)
{
    int first = welcomed(0), fd[5], i;

    (void)state;
    stage_pause();
    for (i = 0; i < 5; i++)
        fd[i] = stage_enter();
    stage_resume();
    for (i = 0; i < 5; i++)
        hears_welcome(fd[i], i + 1);
    talks(fd[4], 5);
    talks(first, 0);
}

static void many_leave_at_once(void **state)
{
    int fd[8], i;

    (void)state;
    for (i = 0; i < 8; i++)
        fd[i] = welcomed(i);
    stage_pause();
    for (i = 0; i < 8; i += 2)
        stage_leave(fd[i]);
    stage_says(fd[3], "quit\n");
    stage_says(fd[7], "quit\n");
    stage_resume();
    stage_hears_end(fd[3]);
    stage_hears_end(fd[7]);
    talks(fd[1], 1);
    talks(fd[5], 5);
    talks(welcomed(8), 8);
}

/* Send lines, take no answers, until the server drops us; what it prints is
 * taken, or it would wait for that. True if it dropped us. */
static bool flood(int fd)
{
    static char   lines[65536], trash[65536];
    struct pollfd p[2] = {{.fd = fd, .events = POLLOUT},
                          {.fd = stage.out, .events = POLLIN}};

    memset(lines, 'x', sizeof lines);
    lines[2000] = lines[sizeof lines - 1] = '\n';
    while (poll(p, 2, SPAWN_PATIENCE) > 0) {
        if (p[1].revents && read(stage.out, trash, sizeof trash) <= 0)
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
    stage_says(b, "sigue\n");
    answered(b, 1, "sigue");
}

static void a_hundred_clients_are_served(void **state)
{
    int fd[100], i;

    (void)state;
    for (i = 0; i < 100; i++)
        fd[i] = welcomed(i);
    for (i = 99; i >= 0; i--)
        talks(fd[i], i);
}

static void a_taken_port_is_told(void **state)
{
    (void)state;
    stage_port_taken(SOCK_STREAM, TAKEN, 1);
}

static void the_default_port_is_10000(void **state)
{
    (void)state;
    stage_default_taken(SOCK_STREAM, "127.0.0.1", 10000, TAKEN, 1);
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_SERVER(clients_take_turns),
        STAGE_SERVER(numbers_are_not_used_again),
        STAGE_SERVER(line_ends_and_empty_lines),
        STAGE_SERVER(quit_and_shutdown_are_whole_lines),
        STAGE_SERVER(buffered_lines_are_all_answered),
        STAGE_SERVER(a_round_is_one_line_of_each),
        STAGE_SERVER(half_a_line_stalls_nobody),
        STAGE_SERVER(an_overlong_line_comes_in_pieces_of_2048),
        STAGE_SERVER(nul_bytes_are_kept),
        STAGE_SERVER(shutdown_closes_everybody),
        STAGE_SERVER(an_unfinished_shutdown_counts),
        STAGE_SERVER(the_server_goes_on_without_clients),
        STAGE_SERVER(an_unfinished_last_line_is_answered),
        STAGE_SERVER(lines_left_behind_are_all_printed),
        STAGE_SERVER(a_reset_is_told_and_survived),
        STAGE_SERVER(five_may_come_at_once),
        STAGE_SERVER(many_leave_at_once),
        STAGE_SERVER(who_takes_no_answers_is_dropped),
        STAGE_SERVER(a_hundred_clients_are_served),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(the_default_port_is_10000),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/multi_talkback_server");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
