/* test_udp_ends.c - proves what becomes of a UDP server and of its handles when
 * they are closed, shut down, exported or forked, when threads share them, and
 * when something cannot be had.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"
#include "support/udpserver.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* ---- a call in a thread ---- */

struct call {
    sock_t     *s;
    bool        accepts; /* else it receives */
    sock_t     *accepted;
    ssize_t     result;
    char        byte;
    int         error;
    _Atomic int tid;
    pthread_t   thread;
};

static void *run_call(void *arg)
{
    struct call *c = arg;

    c->tid = (int)syscall(SYS_gettid);
    if (c->accepts) {
        c->accepted = sock_accept(c->s);
        c->result   = c->accepted ? 0 : -1;
    } else {
        c->result = sock_recv(c->s, &c->byte, 1, 0);
    }
    if (c->result < 0)
        c->error = sock_last_error(c->s);
    return NULL;
}

/* Returns when it sleeps. */
static void start(struct call *c, sock_t *s, bool accepts)
{
    *c = (struct call){.s = s, .accepts = accepts};
    assert_int_equal(pthread_create(&c->thread, NULL, run_call, c), 0);
    while (!c->tid)
        ;
    wait_until_asleep(c->tid);
}

static void join(struct call *c)
{
    assert_int_equal(pthread_join(c->thread, NULL), 0);
}

static void an_accept_waits_for_a_peer(void **state)
{
    sock_t     *server = udp_server(AF_INET, "127.0.0.1");
    sock_t     *peer   = udp_peer(server, "127.0.0.1");
    struct call c;

    (void)state;
    start(&c, server, true);
    say(peer, "x");
    join(&c);
    assert_non_null(c.accepted);
    hears(c.accepted, "x");
    sock_close(c.accepted);
    sock_close(peer);
    sock_close(server);
}

static void a_waiting_accept_gets_what_is_given_back(void **state)
{
    sock_t     *server = udp_server(AF_INET, "127.0.0.1");
    sock_t     *peer   = udp_peer(server, "127.0.0.1");
    struct call c;
    sock_t     *s;

    (void)state;
    say(peer, "1");
    say(peer, "2");
    s = accepts(server, "1");
    start(&c, server, true);
    sock_close(s);
    join(&c);
    assert_non_null(c.accepted);
    hears(c.accepted, "2");
    sock_close(c.accepted);
    sock_close(peer);
    sock_close(server);
}

static void a_waiting_read_gets_the_next_datagram(void **state)
{
    sock_t     *server = udp_server(AF_INET, "127.0.0.1");
    sock_t     *peer   = udp_peer(server, "127.0.0.1");
    struct call c;
    sock_t     *s;

    (void)state;
    say(peer, "1");
    s = accepts(server, "1");
    start(&c, s, false);
    say(peer, "2");
    join(&c);
    assert_int_equal(c.result, 1);
    assert_int_equal(c.byte, '2');
    sock_close(s);
    sock_close(peer);
    sock_close(server);
}

static void a_close_cancels_what_waits(void **state)
{
    sock_t     *server = udp_server(AF_INET, "127.0.0.1");
    sock_t     *peer   = udp_peer(server, "127.0.0.1");
    struct call reads, waits;
    sock_t     *s;

    (void)state;
    say(peer, "1");
    s = accepts(server, "1");
    start(&reads, s, false);
    start(&waits, server, true);
    assert_true(sock_close(s));
    join(&reads);
    assert_int_equal(reads.error, ECANCELED);
    assert_true(sock_close(server));
    join(&waits);
    assert_int_equal(waits.error, ECANCELED);
    sock_close(peer);
}

static void an_accept_ends_with_its_time(void **state)
{
    sock_t *server = udp_server(AF_INET, "127.0.0.1");
    int64_t began  = now_ms();

    (void)state;
    assert_true(sock_set_timeout(server, 30));
    assert_null(sock_accept(server));
    assert_int_equal(sock_last_error(server), ETIMEDOUT);
    assert_in_range(now_ms() - began, 29, 5000);
    assert_true(sock_set_timeout(server, 0));
    sock_clear_error(server);
    assert_null(sock_accept(server));
    assert_int_equal(sock_last_error(server), ETIMEDOUT);
    accepts_nobody(server);
    sock_close(server);
}

static _Atomic int handled;

static void count_signal(int number)
{
    (void)number;
    handled++;
}

static void handle_with(int flags)
{
    const struct sigaction action = {.sa_handler = count_signal,
                                     .sa_flags   = flags};

    sigaction(SIGUSR1, &action, NULL);
    handled = 0;
}

static void a_handler_with_restart_leaves_an_accept_waiting(void **state)
{
    sock_t     *server, *peer;
    struct call c;

    (void)state;
    if (SANITIZED)
        skip_aloud("a sanitizer has handlers of its own");
    server = udp_server(AF_INET, "127.0.0.1");
    peer   = udp_peer(server, "127.0.0.1");
    handle_with(SA_RESTART);
    start(&c, server, true);
    pthread_kill(c.thread, SIGUSR1);
    while (!handled)
        ;
    wait_until_asleep(c.tid);
    say(peer, "x");
    join(&c);
    assert_non_null(c.accepted);
    signal(SIGUSR1, SIG_DFL);
    sock_close(c.accepted);
    sock_close(peer);
    sock_close(server);
}

static void a_handler_without_restart_ends_an_accept(void **state)
{
    sock_t     *server, *peer;
    struct call c;
    sock_t     *s;

    (void)state;
    if (SANITIZED)
        skip_aloud("a sanitizer has handlers of its own");
    server = udp_server(AF_INET, "127.0.0.1");
    peer   = udp_peer(server, "127.0.0.1");
    handle_with(0);
    start(&c, server, true);
    pthread_kill(c.thread, SIGUSR1);
    join(&c);
    assert_null(c.accepted);
    assert_int_equal(c.error, EINTR);
    signal(SIGUSR1, SIG_DFL);
    say(peer, "x");
    s = accepts(server, "x");
    sock_close(s);
    sock_close(peer);
    sock_close(server);
}

/* ---- ending ---- */

static void handles_outlive_their_server(void **state)
{
    sock_t *server = udp_server(AF_INET, "127.0.0.1");
    sock_t *peer   = udp_peer(server, "127.0.0.1");
    int     port   = port_of(server);
    sock_t *s, *next;

    (void)state;
    say(peer, "1");
    say(peer, "2");
    s = accepts(server, "1");
    assert_true(sock_close(server));
    assert_null(sock_accept(server));
    assert_int_equal(sock_last_error(server), EBADF);
    hears(s, "2");
    say(peer, "3");
    hears(s, "3");
    say(s, "answer");
    hears(peer, "answer");
    say(peer, "unread");
    assert_true(sock_close(s));
    next = sock_create(AF_INET, SOCK_DGRAM, 0);
    assert_true(sock_bind(next, "127.0.0.1", port));
    hears_nothing(next);
    sock_close(next);
    sock_close(peer);
}

static void closing_a_server_drops_what_waits(void **state)
{
    sock_t *server  = udp_server(AF_INET, "127.0.0.1");
    sock_t *one     = udp_peer(server, "127.0.0.1");
    sock_t *another = udp_peer(server, "127.0.0.1");
    sock_t *s;

    (void)state;
    say(one, "1");
    say(another, "2");
    say(another, "3");
    s = accepts(server, "1");
    assert_true(sock_close(server));
    hears_nothing(s);
    sock_close(s);
    sock_close(one);
    sock_close(another);
}

static void a_shut_down_handle_reads_its_end(void **state)
{
    sock_t *server = udp_server(AF_INET, "127.0.0.1");
    sock_t *peer   = udp_peer(server, "127.0.0.1");
    char    byte;
    sock_t *s;

    (void)state;
    say(peer, "1");
    say(peer, "2");
    s = accepts(server, "1");
    assert_true(sock_shutdown(s, SHUT_RD));
    hears(s, "2");
    assert_int_equal(sock_recv(s, &byte, 1, 0), 0);
    assert_int_equal(sock_recv(s, &byte, 1, 0), 0);
    say(s, "answer");
    hears(peer, "answer");
    sock_close(s);
    sock_close(peer);
    sock_close(server);
}

static void a_shut_down_server_accepts_nobody(void **state)
{
    sock_t     *server = udp_server(AF_INET, "127.0.0.1");
    struct call c;

    (void)state;
    start(&c, server, true);
    sock_shutdown(server, SHUT_RDWR);
    join(&c);
    assert_int_equal(c.error, EINVAL);
    sock_close(server);
}

static void an_exported_handle_goes_on_as_a_descriptor(void **state)
{
    sock_t *server = udp_server(AF_INET, "127.0.0.1");
    sock_t *peer   = udp_peer(server, "127.0.0.1");
    char    byte   = 0;
    sock_t *s;
    int     fd;

    (void)state;
    say(peer, "1");
    say(peer, "2");
    s = accepts(server, "1");
    assert_int_equal(sock_export_fd(s), -1);
    assert_int_equal(sock_last_error(s), EBUSY);
    hears(s, "2");
    assert_true((fd = sock_export_fd(s)) >= 0);
    say(peer, "3");
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 1);
    assert_int_equal(byte, '3');
    close(fd);
    say(peer, "4");
    s = accepts(server, "4");
    sock_close(s);
    sock_close(peer);
    sock_close(server);
}

/* Many servers and handles: nothing is left behind, in whatever order they go.
 */
static void servers_come_and_go(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        sock_t *server =
            udp_server(i % 3 ? AF_INET : AF_INET6, i % 3 ? "127.0.0.1" : "::1");
        sock_t *peer = udp_peer(server, i % 3 ? "127.0.0.1" : "::1");
        sock_t *s;

        say(peer, "1");
        say(peer, "2");
        s = accepts(server, "1");
        sock_close(i % 2 ? server : s);
        sock_close(i % 2 ? s : server);
        sock_close(peer);
    }
}

/* ---- forks ---- */

struct family {
    sock_t *server;
    sock_t *peer;
    sock_t *s;
    sock_t *gate[2]; /* the child waits until its parent says so */
};

static void open_family(struct family *f)
{
    f->server = udp_server(AF_INET, "127.0.0.1");
    f->peer   = udp_peer(f->server, "127.0.0.1");
    unix_pair(SOCK_STREAM, f->gate);
    say(f->peer, "1");
    say(f->peer, "2");
    f->s = accepts(f->server, "1");
    say(f->peer, "3");
}

static void close_family(struct family *f)
{
    sock_close(f->s);
    sock_close(f->peer);
    sock_close(f->server);
    close_pair(f->gate);
}

static void read_and_answer(void *arg)
{
    struct family *f = arg;
    char           byte;

    expect(sock_close(f->server));
    expect(sock_recv(f->gate[1], &byte, 1, 0) == 1);
    for (int i = 2; i <= 4; i++) {
        expect(sock_recv(f->s, &byte, 1, 0) == 1);
        expect(byte == '0' + i);
        expect(sock_send(f->s, &byte, 1, 0) == 1);
    }
    expect(sock_close(f->s));
}

static void a_child_serves_the_handle_its_parent_closes(void **state)
{
    struct family f;
    pid_t         child;

    (void)state;
    open_family(&f);
    child = start_child(read_and_answer, &f);
    assert_true(sock_close(f.s));
    accepts_nobody(f.server);
    say(f.peer, "4");
    accepts_nobody(f.server);
    put(f.gate[0], "x");
    hears(f.peer, "2");
    hears(f.peer, "3");
    hears(f.peer, "4");
    child_succeeded(child);
    say(f.peer, "5");
    f.s = accepts(f.server, "5");
    close_family(&f);
}

static void close_copies(void *arg)
{
    struct family *f = arg;

    expect(sock_close(f->s));
    expect(sock_close(f->server));
}

static void a_child_that_closes_its_copies_takes_nothing(void **state)
{
    struct family f;
    sock_t       *another;

    (void)state;
    open_family(&f);
    another = udp_peer(f.server, "127.0.0.1");
    say(another, "other");
    in_child(close_copies, &f);
    hears(f.s, "2");
    hears(f.s, "3");
    say(f.peer, "4");
    hears(f.s, "4");
    sock_close(f.s);
    f.s = accepts(f.server, "other");
    sock_close(another);
    close_family(&f);
}

static void accept_nothing_old(void *arg)
{
    struct family *f = arg;
    sock_t        *s;
    char           byte;

    expect(sock_set_nonblock(f->server));
    expect(!sock_accept(f->server));
    expect(sock_last_error(f->server) == EAGAIN);
    expect(sock_set_block(f->server));
    expect(sock_send(f->peer, "4", 1, 0) == 1);
    expect(sock_close(f->s));
    expect(sock_recv(f->s, &byte, 1, 0) == -1);
    s = sock_create(AF_INET, SOCK_DGRAM, 0);
    expect(sock_connect(s, "127.0.0.1", port_of(f->server)));
    expect(sock_send(s, "n", 1, 0) == 1);
    f->s = sock_accept(f->server);
    expect(f->s);
    expect(sock_recv(f->s, &byte, 1, 0) == 1);
    expect(byte == 'n');
    expect(sock_close(f->s));
}

/* What its parent has taken from the system is its parent's. */
static void a_child_accepts_only_what_comes_to_it(void **state)
{
    struct family f;
    sock_t       *another;

    (void)state;
    open_family(&f);
    another = udp_peer(f.server, "127.0.0.1");
    say(another, "other");
    sock_close(f.s); /* "2" and "3" wait */
    f.s = accepts(f.server, "2");
    in_child(accept_nothing_old, &f);
    hears(f.s, "3");
    hears(f.s, "4");
    sock_close(f.s);
    f.s = accepts(f.server, "other");
    sock_close(another);
    close_family(&f);
}

static void a_fork_leaves_a_waiting_accept_alone(void **state)
{
    struct family f;
    struct call   c;
    sock_t       *another;

    (void)state;
    open_family(&f);
    another = udp_peer(f.server, "127.0.0.1");
    start(&c, f.server, true);
    in_child(close_copies, &f);
    say(another, "x");
    join(&c);
    assert_non_null(c.accepted);
    hears(c.accepted, "x");
    sock_close(c.accepted);
    sock_close(another);
    close_family(&f);
}

/* ---- want ---- */

static void without_a_descriptor_nothing_is_lost(void **state)
{
    sock_t       *server = udp_server(AF_INET, "127.0.0.1");
    sock_t       *peer   = udp_peer(server, "127.0.0.1");
    struct rlimit before, none;
    sock_t       *s;

    (void)state;
    say(peer, "1");
    say(peer, "2");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none          = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int i = 0; i < 3; i++) {
        s = sock_accept(server);
        assert_null(s);
        assert_int_equal(sock_last_error(server), EMFILE);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    s = accepts(server, "1");
    hears(s, "2");
    sock_close(s);
    sock_close(peer);
    sock_close(server);
}

/* Only numbers that are in use now may be used again. The gap that the last
 * close has left is filled by what is returned. */
static int refuse_more_descriptors(struct rlimit *before)
{
    int           filler = dup(0), next = dup(0);
    struct rlimit now;

    assert_true(filler > 0 && next > filler);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
    now          = *before;
    now.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    assert_int_equal(dup(0), -1);
    return filler;
}

/* The socket of a closed handle stays for a moment, but in nobody's way. */
static void a_closed_handle_makes_room_for_the_next(void **state)
{
    sock_t       *server = udp_server(AF_INET, "127.0.0.1");
    sock_t       *peer   = udp_peer(server, "127.0.0.1");
    struct rlimit before;
    sock_t       *s;
    int           filler;

    (void)state;
    say(peer, "1");
    s = accepts(server, "1");
    sock_close(s);
    say(peer, "2");
    filler = refuse_more_descriptors(&before);
    s      = sock_accept(server);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    close(filler);
    assert_non_null(s);
    hears(s, "2");
    sock_close(s);
    sock_close(peer);
    sock_close(server);
}

static void closed_handles_leave_nothing_with_an_idle_server(void **state)
{
    enum { HANDLES = 40 };
    sock_t *server = udp_server(AF_INET, "127.0.0.1");
    sock_t *peer   = udp_peer(server, "127.0.0.1");
    int     before = 0;

    (void)state;
    assert_true(sock_set_timeout(server, 100));
    for (int i = 0; i <= HANDLES; i++) {
        say(peer, "x");
        sock_close(accepts(server, "x"));
        if (i % HANDLES)
            continue;
        assert_null(sock_accept(server)); /* it waits, and has a bell by now */
        assert_int_equal(sock_last_error(server), ETIMEDOUT);
        if (i)
            assert_int_equal(open_descriptors(), before);
        before = open_descriptors();
    }
    sock_close(peer);
    sock_close(server);
}

static void run_out_of_memory(void *arg)
{
    sock_t *server = udp_server(AF_INET, "127.0.0.1");
    sock_t *peer   = udp_peer(server, "127.0.0.1");
    char    text[600];
    int     accepted = 0;

    (void)arg;
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 100; i++)
        expect(sock_send(peer, text, sizeof text, 0) == sizeof text);
    expect(sock_set_nonblock(server));
    exhaust_memory();
    for (int i = 0; i < 200; i++) {
        sock_t *s = sock_accept(server);

        if (s) {
            accepted++;
            expect(sock_recv(s, text, sizeof text, 0) == sizeof text);
            expect(sock_close(s));
        } else {
            expect(sock_last_error(server) == ENOMEM ||
                   sock_last_error(server) == EAGAIN);
        }
    }
    expect(accepted <= 100);
    expect(sock_close(server));
}

static void without_memory_datagrams_are_lost_and_nothing_else(void **state)
{
    (void)state;
    if (SANITIZED)
        skip_aloud("a sanitizer needs memory of its own");
    in_child(run_out_of_memory, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_accept_waits_for_a_peer),
        cmocka_unit_test(a_waiting_accept_gets_what_is_given_back),
        cmocka_unit_test(a_waiting_read_gets_the_next_datagram),
        cmocka_unit_test(a_close_cancels_what_waits),
        cmocka_unit_test(an_accept_ends_with_its_time),
        cmocka_unit_test(a_handler_with_restart_leaves_an_accept_waiting),
        cmocka_unit_test(a_handler_without_restart_ends_an_accept),
        cmocka_unit_test(handles_outlive_their_server),
        cmocka_unit_test(closing_a_server_drops_what_waits),
        cmocka_unit_test(a_shut_down_handle_reads_its_end),
        cmocka_unit_test(a_shut_down_server_accepts_nobody),
        cmocka_unit_test(an_exported_handle_goes_on_as_a_descriptor),
        cmocka_unit_test(servers_come_and_go),
        cmocka_unit_test(a_child_serves_the_handle_its_parent_closes),
        cmocka_unit_test(a_child_that_closes_its_copies_takes_nothing),
        cmocka_unit_test(a_child_accepts_only_what_comes_to_it),
        cmocka_unit_test(a_fork_leaves_a_waiting_accept_alone),
        cmocka_unit_test(without_a_descriptor_nothing_is_lost),
        cmocka_unit_test(a_closed_handle_makes_room_for_the_next),
        cmocka_unit_test(closed_handles_leave_nothing_with_an_idle_server),
        cmocka_unit_test(without_memory_datagrams_are_lost_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, count_descriptors,
                                  compare_descriptors);
}
