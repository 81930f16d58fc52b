/* test_handed_lies.c - proves that whatever the environment says of sockets
 * which systemd opened, no descriptor is taken or changed that is no server's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "handed_over.h"

TEST(nothing_is_handed_over_without_the_environment)
{
    hand(1, NULL);
    EXPECT(!unsetenv("LISTEN_PID"));
    EXPECT(is_refused("3", ENOENT, "LISTEN_PID is not set"));
    EXPECT(!unsetenv("LISTEN_FDS"));
    EXPECT(is_refused("3", ENOENT, "LISTEN_FDS is not set"));
    EXPECT(is_refused("web", ENOENT, "LISTEN_FDS is not set"));
    EXPECT(fcntl(3, F_GETFD) == 0);
}

TEST(what_is_for_another_process_is_not_taken)
{
    const char *const lies[] = {"",   "0",   "-1",
                                "x",  "1 ",  " 1",
                                "+1", "0x1", "99999999999999999999999999"};
    char              near[32];

    hand(1, "web");
    for (size_t i = 0; i < SK_COUNT(lies); i++) {
        EXPECT(!setenv("LISTEN_PID", lies[i], 1));
        EXPECT(is_refused("3", ENOENT, "another process"));
        EXPECT(is_refused("web", ENOENT, "another process"));
    }
    snprintf(near, sizeof near, "%d ", getpid());
    EXPECT(!setenv("LISTEN_PID", near, 1));
    EXPECT(is_refused("3", ENOENT, "another process"));
    say_owner(getppid());
    EXPECT(is_refused("3", ENOENT, "another process"));
    say_owner((1L << 32) + getpid());
    EXPECT(is_refused("3", ENOENT, "another process"));
    EXPECT(fcntl(3, F_GETFD) == 0);
}

TEST(a_child_of_a_fork_is_handed_nothing)
{
    pid_t child;
    int   status;

    hand(1, NULL);
    if (!(child = fork())) {
        EXPECT(is_refused("3", ENOENT, "another process"));
        EXPECT(fcntl(3, F_GETFD) == 0);
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child && !status);
    EXPECT(take("3") == 3);
}

TEST(a_count_that_is_none_hands_over_nothing)
{
    const char *const lies[] = {"",           "0",
                                "-1",         "x",
                                "1x",         " 1",
                                "1 ",         "+1",
                                "1.0",        "0x1",
                                "000",        "1073741824",
                                "4294967297", "18446744073709551617"};

    put_listener(3);
    for (size_t i = 0; i < SK_COUNT(lies); i++) {
        say(lies[i], "web");
        EXPECT(is_refused("3", ENOENT, "LISTEN_FDS"));
        EXPECT(is_refused("web", ENOENT, "LISTEN_FDS"));
        EXPECT(is_refused("unknown", ENOENT, "LISTEN_FDS"));
    }
    EXPECT(fcntl(3, F_GETFD) == 0);
}

TEST(numbers_beyond_are_told_how_many_there_are)
{
    hand(2, NULL);
    put_listener(5);
    EXPECT(is_refused("5", ENOENT, "only 2 were"));
    EXPECT(is_refused("1073741827", ENOENT, "only 2 were"));
    EXPECT(is_refused("4294967299", ENOENT, "only 2 were"));
    EXPECT(is_refused("18446744073709551619", ENOENT, "only 2 were"));
    say("1", NULL);
    EXPECT(is_refused("4", ENOENT, "only 1 was"));
    EXPECT(is_refused("2", ENOENT, "3"));
    EXPECT(is_refused("0", ENOENT, "3"));
    EXPECT(fcntl(5, F_GETFD) == 0);
}

TEST(no_name_at_all_is_refused)
{
    hand(1, "");
    EXPECT(is_refused("", EINVAL, "name"));
    EXPECT(is_refused("-1", ENOENT, "name"));
    EXPECT(is_refused("3 ", ENOENT, "name"));
    EXPECT(is_refused("UNKNOWN", ENOENT, "name"));
}

TEST(a_count_too_high_ends_at_what_is_not_open)
{
    hand(1, "web");
    for (int fd = 4; fd < 64; fd++)
        close(fd);
    say("1073741823", "web");
    EXPECT(take("web") == 3);
    EXPECT(is_refused("web", EBUSY, "taken"));
    EXPECT(is_refused("other", ENOENT, "name"));
    EXPECT(is_refused("unknown", EBADF, "not open"));
    EXPECT(is_refused("4", EBADF, "not open"));
    EXPECT(is_refused("1073741823", EBADF, "not open"));
    EXPECT(is_refused("1073741826", ENOENT, "only"));
}

TEST(what_is_no_socket_is_left_alone)
{
    put_at(open("/dev/null", O_RDWR), 3);
    say("1", NULL);
    EXPECT(is_refused("3", ENOTSOCK, "no socket"));
    EXPECT(fcntl(3, F_GETFD) == 0);
}

TEST(what_is_no_server_is_left_alone)
{
    put_at(bound(AF_INET, SOCK_STREAM), 3);
    put_at(socket(AF_INET, SOCK_DGRAM, 0), 4);
    put_at(socket(AF_INET6, SOCK_DGRAM, 0), 5);
    put_at(socket(AF_UNIX, SOCK_DGRAM, 0), 6);
    say("4", NULL);
    EXPECT(is_refused("3", EINVAL, "not listen"));
    EXPECT(is_refused("4", EINVAL, "not bound"));
    EXPECT(is_refused("5", EINVAL, "not bound"));
    EXPECT(is_refused("6", EINVAL, "not bound"));
    for (int fd = 3; fd < 7; fd++)
        EXPECT(fcntl(fd, F_GETFD) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_handed_over_without_the_environment),
        cmocka_unit_test(what_is_for_another_process_is_not_taken),
        cmocka_unit_test(a_child_of_a_fork_is_handed_nothing),
        cmocka_unit_test(a_count_that_is_none_hands_over_nothing),
        cmocka_unit_test(numbers_beyond_are_told_how_many_there_are),
        cmocka_unit_test(no_name_at_all_is_refused),
        cmocka_unit_test(a_count_too_high_ends_at_what_is_not_open),
        cmocka_unit_test(what_is_no_socket_is_left_alone),
        cmocka_unit_test(what_is_no_server_is_left_alone),
    };

    return cmocka_run_group_tests_name("handed_lies", tests, count_descriptors,
                                       compare_descriptors);
}
