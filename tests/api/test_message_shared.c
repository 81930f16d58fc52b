/* test_message_shared.c - proves that any number of threads may send one
 * message at once, and that sending and receiving need no memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 8, TIMES = 100 };

/* ---- one message, many senders ---- */

struct sender {
    sock_t               *s;
    const sock_message_t *m;
    ssize_t               length;
    int                   failures;
    pthread_t             thread;
};

static void *send_often(void *arg)
{
    struct sender *sender = arg;

    for (int i = 0; i < TIMES; i++)
        if (sock_sendmsg(sender->s, sender->m, 0) != sender->length)
            sender->failures++;
    return NULL;
}

/* What each of the many datagrams must be like. */
typedef void check_fn(struct letter *l);

static void receive_often(sock_t *s, size_t control_size, const char *text,
                          check_fn *check)
{
    struct letter l;

    letter_open(&l, control_size);
    for (int i = 0; i < THREADS * TIMES; i++) {
        assert_int_equal(letter_receive(&l, s, 0), strlen(text));
        letter_is(&l, text);
        check(&l);
    }
    letter_close(&l);
}

static void sent_by_many(struct letter *l, const char *text, sock_t *from,
                         sock_t *to, check_fn *check)
{
    struct sender senders[THREADS];

    letter_write(l, text);
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){
            .s = from, .m = l->m, .length = (ssize_t)strlen(text)};
        pthread_create(&senders[i].thread, NULL, send_often, &senders[i]);
    }
    receive_often(to, 64, text, check);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(senders[i].failures, 0);
    }
    assert_fails(to, sock_recv(to, &(char){0}, 1, MSG_DONTWAIT), EAGAIN);
}

static void nothing_more(struct letter *l)
{
    assert_int_equal(sock_message_flags(l->m), 0);
}

static void many_threads_send_one_message_at_once(void **state)
{
    struct letter l;
    sock_t       *pair[2];

    (void)state;
    unix_pair(SOCK_DGRAM, pair);
    letter_open(&l, 0);
    sent_by_many(&l, "one of many", pair[0], pair[1], nothing_more);
    letter_close(&l);
    close_pair(pair);
}

static void many_threads_send_one_message_to_its_name(void **state)
{
    char          name[LIBSOCK_ADDRSTRLEN];
    sock_t       *to   = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    sock_t       *from = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    struct letter l;

    (void)state;
    assert_true(sock_bind(to, "", 0));
    assert_true(sock_getsockname(to, name, sizeof name, NULL));
    letter_open(&l, 0);
    assert_true(sock_message_set_name(l.m, name, 0));
    sent_by_many(&l, "one of many", from, to, nothing_more);
    letter_close(&l);
    sock_close(from);
    sock_close(to);
}

/* Twice the socket that it is, and a number of its own. */
static void brings_two(struct letter *l)
{
    int fds[3];

    assert_int_equal(sock_message_take_fds(l->m, fds, 3), 2);
    assert_int_not_equal(fds[0], fds[1]);
    close(fds[0]);
    close(fds[1]);
}

static void many_threads_send_one_message_with_handles(void **state)
{
    struct letter l;
    sock_t       *pair[2];

    (void)state;
    unix_pair(SOCK_DGRAM, pair);
    letter_open(&l, sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, 2));
    assert_true(sock_message_add_handles(l.m, pair, 2));
    sent_by_many(&l, "one of many", pair[0], pair[1], brings_two);
    letter_close(&l);
    close_pair(pair);
}

/* ---- without memory ---- */

struct poor {
    sock_t         *a, *b;
    struct letter   out, in;
    sock_message_t *batch[2];
};

static void send_and_receive(struct poor *p)
{
    int fd;

    expect(letter_send(&p->out, p->a, "poor") == 4);
    expect(letter_receive(&p->in, p->b, 0) == 4);
    expect(sock_message_take_fds(p->in.m, &fd, 1) == 1);
    expect(close(fd) == 0);
    expect(sock_sendmmsg(p->a, &p->batch[0], 1, 0) == 1);
    expect(sock_recvmmsg(p->b, &p->batch[1], 1, 0) == 1);
    expect(sock_message_take_fds(p->in.m, &fd, 1) == 1);
    expect(close(fd) == 0);
}

static void without_memory(void *arg)
{
    struct poor *p = arg;

    exhaust_memory();
    for (int i = 0; i < 100; i++)
        send_and_receive(p);
}

static void sending_and_receiving_need_no_memory(void **state)
{
    struct poor p;
    sock_t     *pair[2];
    char        name[LIBSOCK_ADDRSTRLEN];

    (void)state;
    if (SANITIZED)
        skip_aloud("a sanitizer needs memory of its own");
    unix_pair(SOCK_DGRAM, pair);
    assert_true(sock_bind(pair[1], "", 0));
    assert_true(sock_getsockname(pair[1], name, sizeof name, NULL));
    letter_open(&p.out, 64);
    letter_open(&p.in, 64);
    p.a        = pair[0];
    p.b        = pair[1];
    p.batch[0] = p.out.m;
    p.batch[1] = p.in.m;
    assert_true(sock_message_set_name(p.out.m, name, 0));
    assert_true(sock_message_add_handles(p.out.m, pair, 1));
    in_child(without_memory, &p);
    letter_close(&p.out);
    letter_close(&p.in);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_threads_send_one_message_at_once),
        cmocka_unit_test(many_threads_send_one_message_to_its_name),
        cmocka_unit_test(many_threads_send_one_message_with_handles),
        cmocka_unit_test(sending_and_receiving_need_no_memory),
    };

    return cmocka_run_group_tests_name("message_shared", tests,
                                       count_descriptors, compare_descriptors);
}
