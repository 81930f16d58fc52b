/* test_batch.c - proves that a batch of datagrams costs one system call, keeps
 * every message's own data, and tells how far it came.
 *
 * The count of system calls is strace's: this program runs itself under
 *     strace -f -c -e trace=sendmmsg,recvmmsg,sendmsg,recvmsg api_batch --child
 * which sends and receives 64 datagrams; two calls, one of each kind.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 64, MOST = 200 };

/* Messages of a part each: "0", "1", ... or room to receive into. */
struct batch {
    sock_message_t *m[MOST];
    struct iovec    parts[MOST];
    char            bytes[MOST][16];
    size_t          count;
};

static void batch_open(struct batch *b, size_t count)
{
    b->count = count;
    for (size_t i = 0; i < count; i++) {
        b->m[i]     = sock_message_create(0);
        b->parts[i] = (struct iovec){b->bytes[i], sizeof b->bytes[i]};
        sock_message_set_parts(b->m[i], &b->parts[i], 1);
    }
}

static void batch_number(struct batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        b->parts[i].iov_len =
            (size_t)snprintf(b->bytes[i], sizeof b->bytes[i], "%zu", i);
}

static void batch_close(struct batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        sock_message_free(b->m[i]);
}

/* Numbers from `first` on, each with its length. */
static void numbers_are(const struct batch *b, size_t count, size_t first)
{
    char text[16];

    for (size_t i = 0; i < count; i++) {
        int len = snprintf(text, sizeof text, "%zu", first + i);

        assert_int_equal(sock_message_length(b->m[i]), len);
        assert_memory_equal(b->bytes[i], text, (size_t)len);
        assert_int_equal(sock_message_flags(b->m[i]) & MSG_TRUNC, 0);
    }
}

static void each_has_its_own(sock_t *a, sock_t *b, const struct kind *kind)
{
    static struct batch out, in;
    size_t              got = 0;

    batch_open(&out, BATCH);
    batch_open(&in, BATCH);
    batch_number(&out);
    if (kind->stream) {
        assert_fails(a, sock_sendmmsg(a, out.m, BATCH, 0), EOPNOTSUPP);
        assert_fails(b, sock_recvmmsg(b, in.m, BATCH, 0), EOPNOTSUPP);
    }
    while (!kind->stream && got < BATCH) {
        ssize_t sent = sock_sendmmsg(a, out.m + got, BATCH - got, MSG_DONTWAIT);
        ssize_t n    = sock_recvmmsg(b, in.m, BATCH, 0);

        assert_true(sent > 0);
        assert_int_equal(n, sent);
        numbers_are(&in, (size_t)n, got);
        got += (size_t)n;
    }
    batch_close(&out);
    batch_close(&in);
}

static void every_datagram_of_a_batch_is_itself(void **state)
{
    (void)state;
    each_kind(each_has_its_own);
}

static void the_whole_batch_goes_at_once(void **state)
{
    static struct batch b;
    sock_t             *pair[2];

    (void)state;
    udp_pair(pair);
    batch_open(&b, MOST);
    batch_number(&b);
    assert_int_equal(sock_sendmmsg(pair[0], b.m, MOST, 0), MOST);
    for (size_t i = 0; i < MOST; i++)
        b.parts[i].iov_len = sizeof b.bytes[i];
    for (size_t first = 0; first < MOST; first += BATCH) {
        size_t due = MOST - first < BATCH ? MOST - first : BATCH;

        assert_int_equal(sock_recvmmsg(pair[1], b.m, MOST, 0), due);
        numbers_are(&b, due, first);
    }
    batch_close(&b);
    close_pair(pair);
}

static void a_receive_waits_for_the_first_only(void **state)
{
    struct batch b;
    sock_t      *pair[2];
    char         peer[LIBSOCK_ADDRSTRLEN];
    int          port;

    (void)state;
    udp_pair(pair);
    batch_open(&b, 8);
    put(pair[0], "0");
    put(pair[0], "1");
    assert_int_equal(sock_recvmmsg(pair[1], b.m, 8, 0), 2);
    numbers_are(&b, 2, 0);
    assert_true(sock_message_get_name(b.m[1], peer, sizeof peer, &port));
    assert_int_equal(port, port_of(pair[0]));
    assert_fails(pair[1], sock_recvmmsg(pair[1], b.m, 8, MSG_DONTWAIT), EAGAIN);
    sock_set_timeout(pair[1], 20);
    assert_fails(pair[1], sock_recvmmsg(pair[1], b.m, 8, 0), ETIMEDOUT);
    batch_close(&b);
    close_pair(pair);
}

static void what_fails_in_the_middle_is_told_when_it_is_first(void **state)
{
    static char  huge[70000];
    struct batch b;
    sock_t      *pair[2];

    (void)state;
    udp_pair(pair);
    batch_open(&b, 5);
    batch_number(&b);
    b.parts[3] = (struct iovec){huge, sizeof huge};
    assert_int_equal(sock_sendmmsg(pair[0], b.m, 5, 0), 3);
    assert_fails(pair[0], sock_sendmmsg(pair[0], b.m + 3, 2, 0), EMSGSIZE);
    assert_int_equal(sock_sendmmsg(pair[0], b.m + 4, 1, 0), 1);
    batch_close(&b);
    close_pair(pair);
}

static void a_batch_that_is_answered_goes_back(void **state)
{
    struct batch b;
    sock_t      *server = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_t      *client = sock_create(AF_INET, SOCK_DGRAM, 0);
    char         text[16];

    (void)state;
    assert_true(sock_bind(server, "127.0.0.1", 0));
    assert_true(sock_connect(client, "127.0.0.1", port_of(server)));
    batch_open(&b, 4);
    for (int i = 0; i < 4; i++)
        put(client, "x");
    assert_int_equal(sock_recvmmsg(server, b.m, 4, 0), 4);
    batch_number(&b);
    assert_int_equal(sock_sendmmsg(server, b.m, 4, 0), 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(sock_recv(client, text, sizeof text, 0), 1);
        assert_int_equal(text[0], '0' + i);
    }
    batch_close(&b);
    sock_close(server);
    sock_close(client);
}

/* Some need a look-up, some carry handles: they go one by one, in order. */
static void all_kinds_of_messages_may_stand_in_a_batch(void **state)
{
    struct batch b;
    sock_t      *pair[2];
    char         at[LIBSOCK_ADDRSTRLEN];
    size_t       room = sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, 1);

    (void)state;
    pair[0] = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    pair[1] = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    assert_true(sock_bind(pair[1], NULL, 0));
    assert_true(sock_getsockname(pair[1], at, sizeof at, NULL));
    batch_open(&b, 6);
    sock_message_free(b.m[2]);
    b.m[2] = sock_message_create(room);
    sock_message_set_parts(b.m[2], &b.parts[2], 1);
    assert_true(sock_message_add_handles(b.m[2], &pair[0], 1));
    batch_number(&b);
    for (int i = 0; i < 6; i++)
        assert_true(sock_message_set_name(b.m[i], at, 0));
    assert_int_equal(sock_sendmmsg(pair[0], b.m, 6, 0), 6);
    for (int i = 0; i < 6; i++)
        b.parts[i].iov_len = sizeof b.bytes[i];
    assert_int_equal(sock_recvmmsg(pair[1], b.m, 6, 0), 6);
    numbers_are(&b, 6, 0);
    batch_close(&b);
    close_pair(pair);
}

static void what_is_no_batch_is_refused(void **state)
{
    struct batch b;
    sock_t      *pair[2];

    (void)state;
    udp_pair(pair);
    batch_open(&b, 2);
    assert_fails(pair[0], sock_sendmmsg(pair[0], NULL, 1, 0), EINVAL);
    assert_fails(pair[0], sock_recvmmsg(pair[0], NULL, 1, 0), EINVAL);
    assert_fails(pair[0], sock_sendmmsg(pair[0], b.m, 0, 0), EINVAL);
    assert_fails(pair[0], sock_recvmmsg(pair[0], b.m, 0, 0), EINVAL);
    sock_message_free(b.m[1]);
    b.m[1] = NULL;
    assert_fails(pair[0], sock_recvmmsg(pair[0], b.m, 2, 0), EINVAL);
    assert_int_equal(sock_sendmmsg(pair[0], b.m, 2, 0), 1);
    assert_fails(pair[0], sock_sendmmsg(pair[0], b.m + 1, 1, 0), EINVAL);
    close_pair(pair);
    assert_fails(pair[0], sock_sendmmsg(pair[0], b.m, 1, 0), EBADF);
    assert_fails(NULL, sock_recvmmsg(NULL, b.m, 1, 0), EBADF);
    batch_close(&b);
}

/* ---- what it costs ---- */

/* Under strace. */
static int send_one_batch(void)
{
    static struct batch b;
    sock_t             *pair[2];

    udp_pair(pair);
    batch_open(&b, BATCH);
    batch_number(&b);
    if (sock_sendmmsg(pair[0], b.m, BATCH, 0) != BATCH)
        return 1;
    for (size_t i = 0; i < BATCH; i++)
        b.parts[i].iov_len = sizeof b.bytes[i];
    return sock_recvmmsg(pair[1], b.m, BATCH, 0) != BATCH;
}

static char itself[4096], trace[] = "/tmp/libsock-batch-XXXXXX";

/* False: strace is not there, or must not trace. */
static bool trace_itself(void)
{
    char command[5000];

    snprintf(command, sizeof command,
             "strace -f -qq -e trace=sendmmsg,recvmmsg,sendmsg,recvmsg "
             "-o %s %s --child >/dev/null 2>&1",
             trace, itself);
    return system(command) == 0;
}

/* How many lines of the trace tell of it. */
static int calls_of(const char *name)
{
    FILE *file = fopen(trace, "r");
    char  line[65536];
    int   count = 0;

    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        count += strstr(line, name) != NULL;
    fclose(file);
    return count;
}

static void a_batch_is_one_system_call(void **state)
{
    int fd = mkstemp(trace);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    if (SANITIZED || !trace_itself()) {
        unlink(trace);
        skip_aloud("strace is not there, or cannot trace this program");
    }
    assert_int_equal(calls_of(" sendmmsg("), 1);
    assert_int_equal(calls_of(" recvmmsg("), 1);
    assert_int_equal(calls_of("msg("), 2);
    unlink(trace);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_datagram_of_a_batch_is_itself),
        cmocka_unit_test(the_whole_batch_goes_at_once),
        cmocka_unit_test(a_receive_waits_for_the_first_only),
        cmocka_unit_test(what_fails_in_the_middle_is_told_when_it_is_first),
        cmocka_unit_test(a_batch_that_is_answered_goes_back),
        cmocka_unit_test(all_kinds_of_messages_may_stand_in_a_batch),
        cmocka_unit_test(what_is_no_batch_is_refused),
        cmocka_unit_test(a_batch_is_one_system_call),
    };

    if (argc > 1 && strcmp(argv[1], "--child") == 0)
        return send_one_batch();
    assert_true(readlink("/proc/self/exe", itself, sizeof itself - 1) > 0);
    return cmocka_run_group_tests_name("batch", tests, count_descriptors,
                                       compare_descriptors);
}
