/* test_handed.c - proves that a socket which systemd opened is taken once, by
 * number or by name, and is then what it was.
 *
 * SPDX-License-Identifier: MIT
 */
#include "handed_over.h"

TEST(a_listener_is_taken_by_number)
{
    hand(2, NULL);
    EXPECT(take("4") == 4);
    EXPECT(take("3") == 3);
}

TEST(a_listener_is_taken_by_name)
{
    hand(3, "web:admin:metrics");
    EXPECT(take("admin") == 4);
    EXPECT(take("metrics") == 5);
    EXPECT(take("web") == 3);
}

TEST(those_of_one_name_are_taken_in_order)
{
    hand(4, "web:admin:web:web");
    EXPECT(take("web") == 3);
    EXPECT(take("web") == 5);
    EXPECT(take("6") == 6);
    EXPECT(is_refused("web", EBUSY, "taken"));
    EXPECT(take("admin") == 4);
}

TEST(only_so_many_bytes_of_the_name_count)
{
    struct sk_sock *s;
    const char     *why;

    hand(2, "web:we");
    EXPECT(!sk_handed_take("webserver", 2, &s, &why) && s->fd == 4);
    EXPECT(!sk_handed_take("webserver", 3, &s, &why) && s->fd == 3);
    EXPECT(sk_handed_take("3x", 1, &s, &why) == EBUSY);
    EXPECT(is_refused("webs", ENOENT, "name"));
    EXPECT(is_refused("w", ENOENT, "name"));
}

TEST(names_that_are_missing_are_unknown)
{
    hand(3, NULL);
    EXPECT(take("unknown") == 3);
    say("3", "");
    EXPECT(take("unknown") == 4);
    say("3", "a:b");
    EXPECT(take("unknown") == 5);
    EXPECT(is_refused("unknown", EBUSY, "taken"));
}

TEST(empty_names_are_names)
{
    hand(4, ":a::b");
    EXPECT(take("b") == 6);
    EXPECT(take("a") == 4);
    EXPECT(is_refused("unknown", ENOENT, "name"));
    say("4", "x:a:y:");
    EXPECT(is_refused("unknown", ENOENT, "name"));
}

TEST(names_of_more_than_there_are_do_not_count)
{
    hand(1, "a:b:c");
    put_listener(4);
    EXPECT(is_refused("b", ENOENT, "name"));
    EXPECT(take("a") == 3);
}

TEST(a_name_need_not_be_one_word)
{
    hand(2, "my socket:3b");
    EXPECT(take("my socket") == 3);
    EXPECT(take("3b") == 4);
}

/* ---- once ---- */

TEST(a_number_is_taken_once)
{
    hand(1, "web");
    EXPECT(take("3") == 3);
    EXPECT(is_refused("3", EBUSY, "taken"));
    EXPECT(is_refused("003", EBUSY, "taken"));
    EXPECT(is_refused("web", EBUSY, "taken"));
}

TEST(a_number_is_not_taken_again_when_it_was_closed)
{
    struct sk_sock *s;
    const char     *why;

    hand(1, NULL);
    EXPECT(!sk_handed_take("3", 1, &s, &why));
    EXPECT(sock_close(sk_handle_publish(s)));
    put_listener(3); /* whatever the program opens next */
    EXPECT(is_refused("3", EBUSY, "taken"));
    EXPECT(fcntl(3, F_GETFD) == 0);
}

TEST(what_was_refused_may_be_tried_again)
{
    hand(2, NULL);
    close(3);
    EXPECT(is_refused("3", EBADF, "not open"));
    put_listener(3);
    EXPECT(take("3") == 3);
    EXPECT(take("4") == 4);
}

static _Atomic int  wins, losses;
static _Atomic bool off;

static void *compete(void *which)
{
    int fd;

    while (!off)
        ;
    fd = take(which);
    if (fd >= 0)
        wins++;
    else if (fd == -EBUSY)
        losses++;
    return NULL;
}

static void let_compete(char *which)
{
    pthread_t threads[8];

    off  = false;
    wins = losses = 0;
    for (int i = 0; i < 8; i++)
        EXPECT(!pthread_create(&threads[i], NULL, compete, which));
    off = true;
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
}

TEST(of_many_threads_one_takes_a_number)
{
    hand(20, NULL);
    for (int fd = 3; fd < 23; fd++) {
        char which[8];

        snprintf(which, sizeof which, "%d", fd);
        let_compete(which);
        EXPECT(wins == 1 && losses == 7);
    }
}

TEST(many_threads_take_all_of_a_name)
{
    hand(5, "a:a:a:b:a");
    let_compete((char[]){"a"});
    EXPECT(wins == 4 && losses == 4);
    EXPECT(take("b") == 6);
}

/* ---- what it is then ---- */

static bool environment_is(const char *pid, const char *count,
                           const char *names)
{
    return !strcmp(getenv("LISTEN_PID"), pid) &&
           !strcmp(getenv("LISTEN_FDS"), count) &&
           !strcmp(getenv("LISTEN_FDNAMES"), names);
}

TEST(the_environment_stays_as_it_is)
{
    char pid[32];

    hand(2, "a:b");
    snprintf(pid, sizeof pid, "%d", getpid());
    EXPECT(take("a") == 3);
    EXPECT(take("4") == 4);
    EXPECT(is_refused("c", ENOENT, "name"));
    EXPECT(environment_is(pid, "2", "a:b"));
}

TEST(what_was_taken_is_not_inherited_by_programs)
{
    hand(2, NULL);
    EXPECT(take("3") == 3);
    EXPECT(fcntl(3, F_GETFD) == FD_CLOEXEC);
    EXPECT(fcntl(4, F_GETFD) == 0); /* nobody asked for it */
}

TEST(the_mode_of_the_descriptor_is_kept)
{
    hand(2, NULL);
    EXPECT(!fcntl(4, F_SETFL, fcntl(4, F_GETFL) | O_NONBLOCK));
    EXPECT(take("3") == 3);
    EXPECT(take("4") == 4);
    EXPECT(!(fcntl(3, F_GETFL) & O_NONBLOCK));
    EXPECT(fcntl(4, F_GETFL) & O_NONBLOCK);
}

TEST(a_listener_accepts)
{
    struct sk_sock *s;
    const char     *why;
    sock_t         *server, *client, *accepted;
    int             port;

    hand(1, NULL);
    EXPECT(!sk_handed_take("3", 1, &s, &why) && !why);
    server = sk_handle_publish(s);
    client = sock_create(AF_INET, SOCK_STREAM, 0);
    EXPECT(sock_getsockname(server, NULL, 0, &port));
    EXPECT(sock_connect(client, "127.0.0.1", port));
    EXPECT((accepted = sock_accept(server)));
    EXPECT(sock_write_all(client, "x", 1, NULL));
}

TEST(datagram_sockets_are_taken)
{
    put_at(bound(AF_INET, SOCK_DGRAM), 3);
    put_at(bound(AF_UNIX, SOCK_DGRAM), 4);
    say("2", NULL);
    EXPECT(take("3") == 3);
    EXPECT(take("4") == 4);
}

TEST(sequenced_packet_listeners_are_taken)
{
    int fd = bound(AF_UNIX, SOCK_SEQPACKET);

    EXPECT(!listen(fd, 5));
    put_at(fd, 3);
    say("1", NULL);
    EXPECT(take("3") == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_is_taken_by_number),
        cmocka_unit_test(a_listener_is_taken_by_name),
        cmocka_unit_test(those_of_one_name_are_taken_in_order),
        cmocka_unit_test(only_so_many_bytes_of_the_name_count),
        cmocka_unit_test(names_that_are_missing_are_unknown),
        cmocka_unit_test(empty_names_are_names),
        cmocka_unit_test(names_of_more_than_there_are_do_not_count),
        cmocka_unit_test(a_name_need_not_be_one_word),
        cmocka_unit_test(a_number_is_taken_once),
        cmocka_unit_test(a_number_is_not_taken_again_when_it_was_closed),
        cmocka_unit_test(what_was_refused_may_be_tried_again),
        cmocka_unit_test(of_many_threads_one_takes_a_number),
        cmocka_unit_test(many_threads_take_all_of_a_name),
        cmocka_unit_test(the_environment_stays_as_it_is),
        cmocka_unit_test(what_was_taken_is_not_inherited_by_programs),
        cmocka_unit_test(the_mode_of_the_descriptor_is_kept),
        cmocka_unit_test(a_listener_accepts),
        cmocka_unit_test(datagram_sockets_are_taken),
        cmocka_unit_test(sequenced_packet_listeners_are_taken),
    };

    return cmocka_run_group_tests_name("handed", tests, count_descriptors,
                                       compare_descriptors);
}
