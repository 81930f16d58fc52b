/* test_gro.c - proves that datagrams which the system hands over joined are
 * given one by one, to every reader, and that those nobody has taken yet are
 * seen by whoever waits.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/aside.h"
#include "support/message.h"
#include "support/pollset.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COUNT_MOST = 100, ROOM = 2000 };

static bool supported;

/* ---- the ends ---- */

static void need_gro(void)
{
    if (!supported)
        skip_aloud("no UDP_GRO here");
}

/* Each connected to the other; what the second receives may be joined. */
static void open_pair(sock_t *pair[2])
{
    udp_pair(pair);
    assert_true(sock_set_option_int(pair[1], SOL_SOCKET, SO_RCVBUF, 4 << 20));
    assert_true(sock_set_option_int(pair[1], SOL_UDP, UDP_GRO, 1));
}

/* What the datagram of that number looks like; the last is shorter. */
static size_t size_of(size_t number, size_t count)
{
    return number + 1 < count ? 1200 : 700;
}

static void compose(unsigned char *bytes, size_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(number * 37 + i * 5 + i / 251);
}

static void send_burst(sock_t *s, size_t count)
{
    static unsigned char bytes[COUNT_MOST][ROOM];
    struct iovec         parts[COUNT_MOST];
    sock_message_t      *m[COUNT_MOST];

    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct iovec){bytes[i], size_of(i, count)};
        compose(bytes[i], i, parts[i].iov_len);
        m[i] = new_message(0);
        sock_message_set_parts(m[i], &parts[i], 1);
    }
    assert_int_equal(sock_sendmmsg(s, m, count, 0), count);
    for (size_t i = 0; i < count; i++)
        sock_message_free(m[i]);
}

static void is_number(const unsigned char *bytes, ssize_t size, size_t number,
                      size_t count)
{
    unsigned char want[ROOM];

    compose(want, number, size_of(number, count));
    if (size != (ssize_t)size_of(number, count) ||
        memcmp(bytes, want, (size_t)size))
        fail_msg("datagram %zu has %zd bytes", number, size);
}

/* Nothing waits in the system: what is to come is kept in the handle. */
static bool is_kept(sock_t *s)
{
    int there = -1;

    return !ioctl(sock_fd(s), FIONREAD, &there) && !there;
}

static void no_more(sock_t *s)
{
    char byte;

    assert_fails(s, sock_recv(s, &byte, 1, MSG_DONTWAIT), EAGAIN);
    assert_false(is_readable(s));
}

/* ---- every reader ---- */

typedef ssize_t read_fn(sock_t *s, unsigned char *bytes, sock_t *from);

static ssize_t by_recv(sock_t *s, unsigned char *bytes, sock_t *from)
{
    (void)from;
    return sock_recv(s, bytes, ROOM, 0);
}

static ssize_t by_read(sock_t *s, unsigned char *bytes, sock_t *from)
{
    (void)from;
    return sock_read(s, bytes, ROOM, LIBSOCK_BINARY_READ);
}

static ssize_t by_recvfrom(sock_t *s, unsigned char *bytes, sock_t *from)
{
    char    text[LIBSOCK_ADDRSTRLEN];
    int     port = -1;
    ssize_t n    = sock_recvfrom(s, bytes, ROOM, 0, text, sizeof text, &port);

    assert_string_equal(text, "127.0.0.1");
    assert_int_equal(port, port_of(from));
    return n;
}

static ssize_t by_recvmsg(sock_t *s, unsigned char *bytes, sock_t *from)
{
    sock_message_t *m        = new_message(256);
    struct iovec    parts[2] = {{bytes, 500}, {bytes + 500, ROOM - 500}};
    int             port = -1, ttl = -1;
    ssize_t         n;

    sock_message_set_parts(m, parts, 2);
    n = sock_recvmsg(s, m, 0);
    assert_int_equal(sock_message_flags(m), 0);
    assert_int_equal(sock_message_length(m), n);
    assert_true(sock_message_get_name(m, NULL, 0, &port));
    assert_int_equal(port, port_of(from));
    assert_true(sock_message_get_int(m, IPPROTO_IP, IP_TTL, &ttl));
    assert_int_equal(ttl, 64);
    assert_refused(sock_message_get_int(m, SOL_UDP, UDP_GRO, &ttl), ENOMSG);
    sock_message_free(m);
    return n;
}

static ssize_t by_readv(sock_t *s, unsigned char *bytes, sock_t *from)
{
    const size_t  lengths[] = {ROOM};
    sock_iovec_t *v         = sock_iovec_alloc(1, lengths);
    ssize_t       n         = sock_readv(s, v);
    size_t        len;

    (void)from;
    if (n > 0)
        memcpy(bytes, sock_iovec_fetch(v, 0, &len), (size_t)n);
    sock_iovec_free(v);
    return n;
}

static void every_receive_gives_one_datagram(void **state)
{
    static read_fn *const readers[] = {by_recv, by_read, by_recvfrom,
                                       by_recvmsg, by_readv};
    unsigned char         bytes[ROOM];
    sock_t               *pair[2];

    (void)state;
    need_gro();
    open_pair(pair);
    assert_true(sock_set_option_int(pair[1], IPPROTO_IP, IP_RECVTTL, 1));
    for (size_t k = 0; k < COUNT(readers); k++) {
        send_burst(pair[0], 10);
        for (size_t i = 0; i < 10; i++)
            is_number(bytes, readers[k](pair[1], bytes, pair[0]), i, 10);
        no_more(pair[1]);
    }
    close_pair(pair);
}

static void bursts_of_ipv6_are_taken_apart(void **state)
{
    unsigned char bytes[ROOM];
    char          text[LIBSOCK_ADDRSTRLEN];
    sock_t       *pair[2];
    int           port;

    (void)state;
    need_gro();
    for (int i = 0; i < 2; i++) {
        pair[i] = sock_create(AF_INET6, SOCK_DGRAM, 0);
        assert_true(sock_bind(pair[i], "::1", 0));
    }
    assert_true(sock_connect(pair[0], "::1", port_of(pair[1])));
    assert_true(sock_set_option_int(pair[1], SOL_UDP, UDP_GRO, 1));
    send_burst(pair[0], 5);
    for (size_t i = 0; i < 5; i++) {
        is_number(
            bytes,
            sock_recvfrom(pair[1], bytes, ROOM, 0, text, sizeof text, &port), i,
            5);
        assert_true(is_kept(pair[1]));
        assert_string_equal(text, "::1");
        assert_int_equal(port, port_of(pair[0]));
    }
    no_more(pair[1]);
    close_pair(pair);
}

/* ---- batches ---- */

static void open_room(sock_message_t **m, struct iovec    *parts,
                      unsigned char (*bytes)[ROOM], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct iovec){bytes[i], ROOM};
        m[i]     = new_message(0);
        sock_message_set_parts(m[i], &parts[i], 1);
    }
}

/* Batches of `many` take all that a burst of 100 has. */
static void batches_take(sock_t *pair[2], size_t many)
{
    static unsigned char bytes[64][ROOM];
    struct iovec         parts[64];
    sock_message_t      *m[64];
    size_t               got = 0;

    open_room(m, parts, bytes, many);
    send_burst(pair[0], 100);
    while (got < 100) {
        ssize_t n = sock_recvmmsg(pair[1], m, many, 0);

        assert_int_equal(n, 100 - got < many ? 100 - got : many);
        for (size_t i = 0; i < (size_t)n; i++) {
            is_number(bytes[i], (ssize_t)sock_message_length(m[i]), got + i,
                      100);
            assert_int_equal(sock_message_flags(m[i]), 0);
        }
        got += (size_t)n;
    }
    for (size_t i = 0; i < many; i++)
        sock_message_free(m[i]);
    no_more(pair[1]);
}

static void a_batch_takes_bursts_apart(void **state)
{
    static const size_t many[] = {64, 1, 7, 54, 55, 50};
    sock_t             *pair[2];

    (void)state;
    need_gro();
    open_pair(pair);
    for (size_t i = 0; i < COUNT(many); i++)
        batches_take(pair, many[i]);
    close_pair(pair);
}

static void a_plain_receive_goes_on_behind_a_batch(void **state)
{
    static unsigned char bytes[3][ROOM];
    struct iovec         parts[3];
    sock_message_t      *m[3];
    sock_t              *pair[2];

    (void)state;
    need_gro();
    open_pair(pair);
    open_room(m, parts, bytes, 3);
    send_burst(pair[0], 5);
    assert_int_equal(sock_recvmmsg(pair[1], m, 3, 0), 3);
    assert_true(is_kept(pair[1]));
    is_number(bytes[0], by_recvfrom(pair[1], bytes[0], pair[0]), 3, 5);
    is_number(bytes[0], by_recv(pair[1], bytes[0], NULL), 4, 5);
    no_more(pair[1]);
    for (size_t i = 0; i < 3; i++)
        sock_message_free(m[i]);
    close_pair(pair);
}

/* ---- what is kept ---- */

static void what_is_kept_is_seen_by_who_waits(void **state)
{
    unsigned char bytes[ROOM];
    sock_t       *pair[2];
    sock_poll_t  *set;

    (void)state;
    need_gro();
    open_pair(pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    send_burst(pair[0], 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(is_readable(pair[1]));
        assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
        is_number(bytes, by_recv(pair[1], bytes, NULL), i, 3);
        assert_true(is_kept(pair[1]));
    }
    assert_true(is_silent(set));
    no_more(pair[1]);
    sock_poll_free(set);
    close_pair(pair);
}

static void a_look_takes_nothing(void **state)
{
    unsigned char bytes[ROOM];
    sock_t       *pair[2];

    (void)state;
    need_gro();
    open_pair(pair);
    send_burst(pair[0], 2);
    for (size_t i = 0; i < 2; i++) {
        is_number(bytes, sock_recv(pair[1], bytes, ROOM, MSG_PEEK), i, 2);
        is_number(bytes, sock_recv(pair[1], bytes, ROOM, MSG_PEEK), i, 2);
        is_number(bytes, by_recv(pair[1], bytes, NULL), i, 2);
    }
    no_more(pair[1]);
    close_pair(pair);
}

static void what_does_not_fit_is_cut_off_alone(void **state)
{
    unsigned char   bytes[ROOM];
    struct iovec    part = {bytes, 100};
    sock_message_t *m    = new_message(0);
    sock_t         *pair[2];

    (void)state;
    need_gro();
    open_pair(pair);
    send_burst(pair[0], 4);
    sock_message_set_parts(m, &part, 1);
    assert_int_equal(sock_recvmsg(pair[1], m, 0), 100);
    assert_int_equal(sock_message_flags(m), MSG_TRUNC);
    assert_int_equal(sock_recv(pair[1], bytes, 100, 0), 100);
    assert_int_equal(sock_recv(pair[1], bytes, 100, MSG_TRUNC), 1200);
    is_number(bytes, by_recv(pair[1], bytes, NULL), 3, 4);
    no_more(pair[1]);
    sock_message_free(m);
    close_pair(pair);
}

static void items_without_room_are_told_of(void **state)
{
    unsigned char   bytes[ROOM];
    struct iovec    part = {bytes, ROOM};
    sock_message_t *m    = new_message(0);
    sock_t         *pair[2];

    (void)state;
    need_gro();
    open_pair(pair);
    sock_message_set_parts(m, &part, 1);
    send_burst(pair[0], 2);
    is_number(bytes, sock_recvmsg(pair[1], m, 0), 0, 2);
    assert_int_equal(sock_message_flags(m), 0);
    is_number(bytes, sock_recvmsg(pair[1], m, 0), 1, 2);
    assert_true(sock_set_option_int(pair[1], IPPROTO_IP, IP_RECVTTL, 1));
    send_burst(pair[0], 2);
    for (size_t i = 0; i < 2; i++) {
        is_number(bytes, sock_recvmsg(pair[1], m, 0), i, 2);
        assert_int_equal(sock_message_flags(m), MSG_CTRUNC);
    }
    sock_message_free(m);
    close_pair(pair);
}

/* Bytes of a receive with so much room, and the size it tells; -1 none. */
static ssize_t receive_into(sock_t *s, size_t room, size_t control, int *size)
{
    static unsigned char bytes[66000];
    unsigned char        want[ROOM];
    struct iovec    parts[2] = {{bytes, 1500}, {bytes + 1500, room - 1500}};
    sock_message_t *m        = new_message(control);
    ssize_t         n;

    sock_message_set_parts(m, parts, 2);
    n     = sock_recvmsg(s, m, 0);
    *size = -1;
    sock_message_get_int(m, SOL_UDP, UDP_GRO, size);
    assert_int_equal(sock_message_flags(m), 0);
    for (size_t i = 0; n > 1200 && i < 4; i++) {
        compose(want, i, size_of(i, 4));
        assert_memory_equal(bytes + i * 1200, want, size_of(i, 4));
    }
    sock_message_free(m);
    return n;
}

static void who_has_room_for_all_gets_them_joined(void **state)
{
    const size_t room = sock_cmsg_space(SOL_UDP, UDP_GRO, 1);
    static const struct {
        size_t  bytes;
        bool    item;
        ssize_t first;
    } rows[] = {{64800, true, 4300},
                {66000, true, 4300},
                {64800, false, 1200},
                {60000, true, 1200}};
    unsigned char bytes[ROOM];
    sock_t       *pair[2];
    int           size;

    (void)state;
    need_gro();
    open_pair(pair);
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool joined = rows[i].first > 1200;

        send_burst(pair[0], 4);
        assert_int_equal(receive_into(pair[1], rows[i].bytes,
                                      rows[i].item ? room : 0, &size),
                         rows[i].first);
        assert_int_equal(size, joined ? 1200 : -1);
        for (size_t k = joined ? 4 : 1; k < 4; k++)
            is_number(bytes, by_recv(pair[1], bytes, NULL), k, 4);
        no_more(pair[1]);
    }
    close_pair(pair);
}

/* The direct way was begun, and what comes is not for it. */
static void who_has_no_room_for_all_items_gets_one(void **state)
{
    const size_t  room = sock_cmsg_space(SOL_UDP, UDP_GRO, 1);
    unsigned char bytes[ROOM];
    sock_t       *pair[2];
    int           size;

    (void)state;
    need_gro();
    open_pair(pair);
    assert_true(sock_set_option_int(pair[1], IPPROTO_IP, IP_RECVTTL, 1));
    send_burst(pair[0], 4);
    assert_int_equal(receive_into(pair[1], 64800, room, &size), 1200);
    for (size_t k = 1; k < 4; k++)
        is_number(bytes, by_recv(pair[1], bytes, NULL), k, 4);
    no_more(pair[1]);
    close_pair(pair);
}

/* A batch expects what came last; it is another size each time. */
static void batches_of_changing_sizes_are_whole(void **state)
{
    static const size_t  sizes[] = {3, 1500, 100, 1200};
    static unsigned char bytes[64][ROOM];
    static unsigned char out[ROOM];
    struct iovec         parts[64];
    sock_message_t      *m[64];
    sock_t              *pair[2];

    (void)state;
    need_gro();
    open_pair(pair);
    open_room(m, parts, bytes, 64);
    compose(out, 77, ROOM);
    for (size_t k = 0; k < COUNT(sizes); k++) {
        assert_int_equal(sock_send(pair[0], out, sizes[k], 0), sizes[k]);
        assert_int_equal(sock_recvmmsg(pair[1], m, 64, 0), 1);
        assert_int_equal(sock_message_length(m[0]), sizes[k]);
        assert_memory_equal(bytes[0], out, sizes[k]);
        send_burst(pair[0], 60);
        assert_int_equal(sock_recvmmsg(pair[1], m, 64, 0), 60);
        for (size_t i = 0; i < 60; i++)
            is_number(bytes[i], (ssize_t)sock_message_length(m[i]), i, 60);
    }
    no_more(pair[1]);
    for (size_t i = 0; i < 64; i++)
        sock_message_free(m[i]);
    close_pair(pair);
}

static void single_and_empty_datagrams_are_as_ever(void **state)
{
    unsigned char bytes[ROOM];
    sock_t       *pair[2];

    (void)state;
    need_gro();
    open_pair(pair);
    put(pair[0], "abc");
    assert_int_equal(sock_send(pair[0], NULL, 0, 0), 0);
    put(pair[0], "de");
    assert_int_equal(sock_recv(pair[1], bytes, ROOM, 0), 3);
    assert_int_equal(sock_recv(pair[1], bytes, ROOM, 0), 0);
    assert_int_equal(sock_recv(pair[1], bytes, ROOM, 0), 2);
    no_more(pair[1]);
    assert_true(sock_set_timeout(pair[1], 20));
    assert_fails(pair[1], sock_recv(pair[1], bytes, ROOM, 0), ETIMEDOUT);
    close_pair(pair);
}

static void a_descriptor_with_datagrams_kept_stays(void **state)
{
    unsigned char bytes[ROOM];
    sock_t       *pair[2];
    int           fd;

    (void)state;
    need_gro();
    open_pair(pair);
    send_burst(pair[0], 2);
    is_number(bytes, by_recv(pair[1], bytes, NULL), 0, 2);
    assert_fails(pair[1], sock_export_fd(pair[1]), EBUSY);
    is_number(bytes, by_recv(pair[1], bytes, NULL), 1, 2);
    fd = sock_export_fd(pair[1]);
    assert_true(fd >= 0);
    close(fd);
    sock_close(pair[0]);
}

static void take_the_rest(void *arg)
{
    unsigned char bytes[ROOM];

    expect(sock_recv(arg, bytes, ROOM, MSG_DONTWAIT) == 1200);
    expect(sock_recv(arg, bytes, ROOM, MSG_DONTWAIT) == 700);
    expect(sock_recv(arg, bytes, ROOM, MSG_DONTWAIT) == -1);
}

/* As the bytes of a line that are buffered. */
static void a_child_has_what_is_kept_too(void **state)
{
    unsigned char bytes[ROOM];
    sock_t       *pair[2];

    (void)state;
    need_gro();
    open_pair(pair);
    send_burst(pair[0], 3);
    is_number(bytes, by_recv(pair[1], bytes, NULL), 0, 3);
    in_child(take_the_rest, pair[1]);
    is_number(bytes, by_recv(pair[1], bytes, NULL), 1, 3);
    is_number(bytes, by_recv(pair[1], bytes, NULL), 2, 3);
    close_pair(pair);
}

/* ---- many readers ---- */

enum { READERS = 3, ROUNDS = 200 };

/* Bursts of 20; then to each reader one datagram of a byte: its end. */
static struct {
    sock_t     *s;
    _Atomic int seen[ROUNDS][20];
    _Atomic int taken; /* datagrams, the ends too */
} shared;

static bool take_one(const unsigned char *bytes, size_t size)
{
    bool goes_on = size > 1;

    if (goes_on)
        shared.seen[bytes[0]][bytes[1]]++;
    shared.taken++;
    return goes_on;
}

static void take_batches(void *unused)
{
    unsigned char   bytes[7][ROOM];
    struct iovec    parts[7];
    sock_message_t *m[7];
    bool            goes_on = true;

    (void)unused;
    open_room(m, parts, bytes, 7);
    while (goes_on) {
        ssize_t n = sock_recvmmsg(shared.s, m, 7, 0);

        for (ssize_t i = 0; i < n; i++)
            goes_on = take_one(bytes[i], sock_message_length(m[i])) && goes_on;
    }
    for (size_t i = 0; i < 7; i++)
        sock_message_free(m[i]);
}

static void take_each(void *unused)
{
    unsigned char bytes[ROOM];

    (void)unused;
    while (take_one(bytes, (size_t)sock_recv(shared.s, bytes, ROOM, 0)))
        ;
}

static void wait_for(int taken)
{
    while (shared.taken < taken)
        sched_yield();
}

static void send_numbers(sock_t *s, size_t round)
{
    static unsigned char bytes[20][ROOM];
    struct iovec         parts[20];
    sock_message_t      *m[20];

    open_room(m, parts, bytes, 20);
    for (size_t i = 0; i < 20; i++) {
        bytes[i][0]      = (unsigned char)round;
        bytes[i][1]      = (unsigned char)i;
        parts[i].iov_len = 300;
    }
    assert_int_equal(sock_sendmmsg(s, m, 20, 0), 20);
    for (size_t i = 0; i < 20; i++)
        sock_message_free(m[i]);
}

static void many_readers_lose_and_double_nothing(void **state)
{
    struct aside readers[READERS];
    sock_t      *pair[2];
    int          taken = 0;

    (void)state;
    need_gro();
    open_pair(pair);
    shared.s = pair[1];
    for (size_t i = 0; i < READERS; i++)
        aside_start(&readers[i], i ? take_each : take_batches, NULL);
    for (size_t round = 0; round < ROUNDS; round++) {
        send_numbers(pair[0], round);
        wait_for((taken += 20) - 60); /* a few bursts are under way */
    }
    wait_for(taken);
    for (size_t i = 0; i < READERS; i++) {
        put(pair[0], "x");
        wait_for(++taken);
    }
    for (size_t i = 0; i < READERS; i++)
        aside_join(&readers[i]);
    for (size_t i = 0; i < ROUNDS * 20; i++)
        assert_int_equal(shared.seen[i / 20][i % 20], 1);
    no_more(pair[1]);
    close_pair(pair);
}

/* ---- on and off ---- */

static void receive_aside(void *with)
{
    char byte;

    assert_int_equal(sock_recv(with, &byte, 1, 0), 1);
}

/* Who waits already would find datagrams joined. */
static void it_is_not_switched_on_under_a_receive(void **state)
{
    struct aside a;
    sock_t      *pair[2];

    (void)state;
    need_gro();
    udp_pair(pair);
    aside_start_asleep(&a, receive_aside, pair[1]);
    sock_clear_error(pair[1]);
    assert_false(sock_set_option_int(pair[1], SOL_UDP, UDP_GRO, 1));
    assert_int_equal(sock_last_error(pair[1]), EBUSY);
    put(pair[0], "x");
    aside_join(&a);
    assert_true(sock_set_option_int(pair[1], SOL_UDP, UDP_GRO, 1));
    close_pair(pair);
}

static void it_stays_on(void **state)
{
    unsigned char bytes[ROOM];
    sock_t       *pair[2];
    int           on = 0;

    (void)state;
    need_gro();
    open_pair(pair);
    send_burst(pair[0], 2);
    assert_false(sock_set_option_int(pair[1], SOL_UDP, UDP_GRO, 0));
    assert_int_equal(sock_last_error(pair[1]), EOPNOTSUPP);
    assert_true(sock_set_option_int(pair[1], SOL_UDP, UDP_GRO, 1));
    assert_true(sock_get_option_int(pair[1], SOL_UDP, UDP_GRO, &on));
    assert_int_equal(on, 1);
    assert_true(sock_set_option_int(pair[0], SOL_UDP, UDP_GRO, 0));
    is_number(bytes, by_recv(pair[1], bytes, NULL), 0, 2);
    is_number(bytes, by_recv(pair[1], bytes, NULL), 1, 2);
    close_pair(pair);
}

/* Streams by URL have another way to deal datagrams out. */
/* Whoever has switched it on: by a handle datagrams keep their bounds. */
static void an_imported_socket_takes_apart(void **state)
{
    unsigned char bytes[ROOM];
    sock_t       *pair[2];
    int           fd;

    (void)state;
    need_gro();
    open_pair(pair);
    fd = sock_export_fd(pair[1]);
    assert_true(fd >= 0);
    pair[1] = sock_import_fd(fd);
    send_burst(pair[0], 3);
    for (size_t i = 0; i < 3; i++)
        is_number(bytes, sock_recv(pair[1], bytes, ROOM, 0), i, 3);
    no_more(pair[1]);
    close_pair(pair);
}

static void switching_it_on_again_changes_nothing(void **state)
{
    sock_t *pair[2];

    (void)state;
    need_gro();
    open_pair(pair);
    send_burst(pair[0], 3);
    assert_true(sock_set_option_int(pair[1], SOL_UDP, UDP_GRO, 1));
    for (size_t i = 0; i < 3; i++) {
        unsigned char bytes[ROOM];

        is_number(bytes, sock_recv(pair[1], bytes, ROOM, 0), i, 3);
    }
    close_pair(pair);
}

static void streams_go_without(void **state)
{
    sock_t *s = sock_stream_server("udp://127.0.0.1:0", 0, NULL);

    (void)state;
    need_gro();
    assert_false(sock_set_option_int(s, SOL_UDP, UDP_GRO, 1));
    assert_int_equal(sock_last_error(s), EOPNOTSUPP);
    sock_close(s);
}

static void receive_until_closed(void *with)
{
    char byte;

    assert_fails(NULL, sock_recv(with, &byte, 1, 0), ECANCELED);
}

static void a_close_ends_its_receive(void **state)
{
    struct aside a;
    sock_t      *pair[2];

    (void)state;
    need_gro();
    open_pair(pair);
    aside_start_asleep(&a, receive_until_closed, pair[1]);
    sock_close(pair[1]);
    aside_join(&a);
    sock_close(pair[0]);
}

static int look_for_gro(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);

    supported = sock_set_option_int(s, SOL_UDP, UDP_GRO, 1);
    sock_close(s);
    return count_descriptors(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_receive_gives_one_datagram),
        cmocka_unit_test(bursts_of_ipv6_are_taken_apart),
        cmocka_unit_test(a_batch_takes_bursts_apart),
        cmocka_unit_test(a_plain_receive_goes_on_behind_a_batch),
        cmocka_unit_test(what_is_kept_is_seen_by_who_waits),
        cmocka_unit_test(a_look_takes_nothing),
        cmocka_unit_test(what_does_not_fit_is_cut_off_alone),
        cmocka_unit_test(items_without_room_are_told_of),
        cmocka_unit_test(who_has_room_for_all_gets_them_joined),
        cmocka_unit_test(who_has_no_room_for_all_items_gets_one),
        cmocka_unit_test(batches_of_changing_sizes_are_whole),
        cmocka_unit_test(single_and_empty_datagrams_are_as_ever),
        cmocka_unit_test(a_descriptor_with_datagrams_kept_stays),
        cmocka_unit_test(a_child_has_what_is_kept_too),
        cmocka_unit_test(many_readers_lose_and_double_nothing),
        cmocka_unit_test(it_is_not_switched_on_under_a_receive),
        cmocka_unit_test(it_stays_on),
        cmocka_unit_test(an_imported_socket_takes_apart),
        cmocka_unit_test(switching_it_on_again_changes_nothing),
        cmocka_unit_test(streams_go_without),
        cmocka_unit_test(a_close_ends_its_receive),
    };

    return cmocka_run_group_tests_name("gro", tests, look_for_gro,
                                       compare_descriptors);
}
