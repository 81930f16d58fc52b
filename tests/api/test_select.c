/* test_select.c - proves that select keeps places, reports what select(2)
 * would, and knows no limit on numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static void places_are_kept(void **state)
{
    sock_t *a[2], *b[2];
    sock_t *reads[5], *writes[2];

    (void)state;
    tcp_pair(a);
    tcp_pair(b);
    assert_true(sock_write_all(a[0], "x", 1, NULL));
    reads[0] = a[1];
    assert_int_equal(sock_select(reads, 1, NULL, 0, NULL, 0, 5000), 1);
    memcpy(reads, (sock_t *[]){NULL, b[1], a[1], NULL, a[1]}, sizeof reads);
    memcpy(writes, (sock_t *[]){a[1], NULL}, sizeof writes);
    assert_int_equal(sock_select(reads, 5, writes, 2, NULL, 0, -1), 3);
    assert_null(reads[0]);
    assert_null(reads[1]);
    assert_ptr_equal(reads[2], a[1]);
    assert_null(reads[3]);
    assert_ptr_equal(reads[4], a[1]);
    assert_ptr_equal(writes[0], a[1]);
    for (int i = 0; i < 2; i++) {
        sock_close(a[i]);
        sock_close(b[i]);
    }
}

static void the_time_passes(void **state)
{
    sock_t *pair[2], *reads[1];
    int64_t before = now_ms();

    (void)state;
    tcp_pair(pair);
    reads[0] = pair[0];
    assert_int_equal(sock_select(reads, 1, NULL, 0, NULL, 0, 30), 0);
    assert_null(reads[0]);
    assert_in_range(now_ms() - before, 29, 280);
    reads[0] = pair[0];
    assert_int_equal(sock_select(reads, 1, NULL, 0, NULL, 0, 0), 0);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void nonsense_is_refused_and_changes_nothing(void **state)
{
    sock_t *s        = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_t *slots[2] = {s, NULL};
    sock_t *none[2]  = {NULL, NULL};

    (void)state;
    assert_int_equal(sock_select(NULL, 0, NULL, 0, NULL, 0, 0), -1);
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_int_equal(sock_select(none, 2, none, 2, none, 2, 0), -1);
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_int_equal(sock_select(slots, 2, NULL, 1, NULL, 0, 0), -1);
    assert_int_equal(sock_select(slots, 2, NULL, 0, NULL, 0, -2), -1);
    assert_ptr_equal(slots[0], s);
    assert_int_equal(sock_select(none, 0, slots, 2, NULL, 0, 0), 1);
    sock_close(s);
}

static void a_closed_handle_counts_as_ready(void **state)
{
    sock_t *open_one = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_t *closed   = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_t *reads[2] = {open_one, closed};
    sock_t *except[1];

    (void)state;
    sock_close(closed);
    except[0] = closed;
    assert_int_equal(sock_select(reads, 2, NULL, 0, except, 1, -1), 2);
    assert_null(reads[0]);
    assert_ptr_equal(reads[1], closed);
    assert_ptr_equal(except[0], closed);
    sock_close(open_one);
}

static void ends_errors_and_connections_are_readable(void **state)
{
    sock_t *server = sock_create_listen(0, 1);
    sock_t *client = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *reads[1];
    sock_t *peer;

    (void)state;
    assert_true(sock_connect(client, "127.0.0.1", port_of(server)));
    reads[0] = server;
    assert_int_equal(sock_select(reads, 1, NULL, 0, NULL, 0, 5000), 1);
    peer = sock_accept(server);
    sock_close(client);
    reads[0] = peer;
    assert_int_equal(sock_select(reads, 1, NULL, 0, NULL, 0, 5000), 1);
    sock_close(peer);
    sock_close(server);
}

static void a_failed_connect_is_writable(void **state)
{
    sock_t *holder    = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *s         = sock_create(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sock_t *writes[1] = {s};
    int     code      = 0;

    (void)state;
    assert_true(sock_bind(holder, "127.0.0.1", 0));
    assert_false(sock_connect(s, "127.0.0.1", port_of(holder)));
    if (sock_last_error(s) == EINPROGRESS) {
        assert_int_equal(sock_select(NULL, 0, writes, 1, NULL, 0, 5000), 1);
        assert_true(sock_get_option_int(s, SOL_SOCKET, SO_ERROR, &code));
        assert_int_equal(code, ECONNREFUSED);
    }
    sock_close(s);
    sock_close(holder);
}

static void urgent_data_is_an_exception(void **state)
{
    sock_t *pair[2], *except[1];
    char    byte;
    bool    mark = false;

    (void)state;
    tcp_pair(pair);
    assert_int_equal(sock_send(pair[0], "!", 1, MSG_OOB), 1);
    except[0] = pair[1];
    assert_int_equal(sock_select(NULL, 0, NULL, 0, except, 1, 5000), 1);
    assert_true(sock_atmark(pair[1], &mark));
    assert_true(mark);
    assert_int_equal(sock_recv(pair[1], &byte, 1, MSG_OOB), 1);
    assert_int_equal(byte, '!');
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static int64_t cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* poll(2) would tell of the end for ever. */
static void an_end_nobody_asked_for_does_not_spin(void **state)
{
    sock_t *pair[2], *except[1];
    int64_t before, cpu;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    sock_close(pair[0]);
    except[0] = pair[1];
    before    = now_ms();
    cpu       = cpu_ms();
    assert_int_equal(sock_select(NULL, 0, NULL, 0, except, 1, 250), 0);
    assert_true(now_ms() - before >= 249);
    assert_true(cpu_ms() - cpu < 50);
    sock_close(pair[1]);
}

enum { MANY = 5000 };

/* Both ends of every socketpair would take too many: datagram sockets do. */
static void five_thousand_descriptors_work(void **state)
{
    static sock_t *all[MANY], *reads[MANY], *writes[MANY];
    struct rlimit  old, more;
    sock_t        *sender = sock_create(AF_INET, SOCK_DGRAM, 0);
    char           byte;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &old);
    more = old;
    if (more.rlim_cur < 5100)
        more.rlim_cur = 5100;
    if (setrlimit(RLIMIT_NOFILE, &more)) {
        print_message("SKIPPED: the hard limit on descriptors is %lu\n",
                      (unsigned long)old.rlim_max);
        sock_close(sender);
        skip();
    }
    for (int i = 0; i < MANY; i++) {
        all[i] = sock_create(AF_INET, SOCK_DGRAM, 0);
        assert_non_null(all[i]);
    }
    assert_true(sock_fd(all[MANY - 1]) > 4096);
    assert_true(sock_bind(all[MANY - 1], "127.0.0.1", 0));
    memcpy(reads, all, sizeof all);
    memcpy(writes, all, sizeof all);
    assert_int_equal(sock_select(reads, MANY, writes, MANY, NULL, 0, 0), MANY);
    assert_null(reads[MANY - 1]);
    assert_int_equal(
        sock_sendto(sender, "x", 1, 0, "127.0.0.1", port_of(all[MANY - 1])), 1);
    memcpy(reads, all, sizeof all);
    assert_int_equal(sock_select(reads, MANY, NULL, 0, NULL, 0, 5000), 1);
    assert_ptr_equal(reads[MANY - 1], all[MANY - 1]);
    assert_int_equal(sock_recv(all[MANY - 1], &byte, 1, 0), 1);
    for (int i = 0; i < MANY; i++)
        sock_close(all[i]);
    sock_close(sender);
    setrlimit(RLIMIT_NOFILE, &old);
}

static void every_verb_works_above_1023(void **state)
{
    static sock_t *low[1100];
    struct rlimit  old, more;
    sock_t        *pair[2];
    char           line[8];

    (void)state;
    getrlimit(RLIMIT_NOFILE, &old);
    more          = old;
    more.rlim_cur = old.rlim_max < 2000 ? old.rlim_max : 2000;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &more), 0);
    for (int i = 0; i < 1100; i++)
        low[i] = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    sock_set_timeout(low[0], 10);
    tcp_pair(pair);
    assert_true(sock_fd(pair[1]) > 1023);
    sock_set_deadline(pair[1], 5000);
    assert_true(sock_write_all(pair[0], "one\n", 4, NULL));
    assert_int_equal(sock_read(pair[1], line, 8, LIBSOCK_NORMAL_READ), 4);
    for (int i = 0; i < 1100; i++)
        sock_close(low[i]);
    sock_close(pair[0]);
    sock_close(pair[1]);
    setrlimit(RLIMIT_NOFILE, &old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_kept),
        cmocka_unit_test(the_time_passes),
        cmocka_unit_test(nonsense_is_refused_and_changes_nothing),
        cmocka_unit_test(a_closed_handle_counts_as_ready),
        cmocka_unit_test(ends_errors_and_connections_are_readable),
        cmocka_unit_test(a_failed_connect_is_writable),
        cmocka_unit_test(urgent_data_is_an_exception),
        cmocka_unit_test(an_end_nobody_asked_for_does_not_spin),
        cmocka_unit_test(five_thousand_descriptors_work),
        cmocka_unit_test(every_verb_works_above_1023),
    };

    return cmocka_run_group_tests_name("select", tests, count_descriptors,
                                       compare_descriptors);
}
