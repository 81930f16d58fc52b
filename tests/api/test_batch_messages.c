/* test_batch_messages.c - proves that the messages of a batch are each their
 * own: names, lengths, flags, handles.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/batch.h"

#include <netdb.h>
#include <stdio.h>
#include <unistd.h>

static void nothing_more(sock_t *s)
{
    assert_fails(s, sock_recv(s, &(char){0}, 1, MSG_DONTWAIT), EAGAIN);
}

/* ---- how many ---- */

/* Out, and in again by as many as a receive takes at most. */
static void some(sock_t *a, sock_t *b, size_t count)
{
    size_t got = 0;

    batch_open(count);
    batch_write(count);
    assert_int_equal(sock_sendmmsg(a, batch, count, 0), count);
    while (got < count) {
        size_t due = count - got < 64 ? count - got : 64;

        batch_make_room(count);
        assert_int_equal(sock_recvmmsg(b, batch, count, 0), due);
        batch_is(got, due);
        got += due;
    }
    nothing_more(b);
    batch_close(count);
}

static void any_number_of_datagrams_is_sent_at_once(void **state)
{
    static const size_t counts[] = {1, 2, 63, 64, 65, 127, 128, 129};
    sock_t             *pair[2];

    (void)state;
    udp_pair(pair);
    for (size_t i = 0; i < COUNT(counts); i++)
        some(pair[0], pair[1], counts[i]);
    close_pair(pair);
}

static void a_few(sock_t *a, sock_t *b, const struct kind *kind)
{
    if (!kind->stream)
        some(a, b, 5);
}

static void every_type_of_datagram_goes(void **state)
{
    (void)state;
    each_kind(a_few);
}

/* They are more than were there; nobody waits for the others. */
static void what_is_there(sock_t *a, sock_t *b, const struct kind *kind)
{
    if (kind->stream)
        return;
    batch_open(BATCH_MOST);
    batch_write(BATCH_MOST);
    assert_int_equal(sock_sendmmsg(a, batch, 3, 0), 3);
    batch_make_room(BATCH_MOST);
    assert_int_equal(sock_recvmmsg(b, batch, BATCH_MOST, 0), 3);
    batch_is(0, 3);
    batch_close(BATCH_MOST);
}

static void a_receive_takes_what_is_there(void **state)
{
    (void)state;
    each_kind(what_is_there);
}

/* Those that got none are empty; those behind the 64th are not looked at. */
static void messages_behind_the_64th_stay_as_they_are(void **state)
{
    sock_t *pair[2];

    (void)state;
    udp_pair(pair);
    batch_open(66);
    for (int i = 0; i < 66; i++)
        assert_true(sock_message_set_name(batch[i], "127.0.0.1", 9));
    batch_make_room(66);
    put(pair[0], "0");
    assert_int_equal(sock_recvmmsg(pair[1], batch, 66, 0), 1);
    batch_is(0, 1);
    letter_is_from(&letters[0], "127.0.0.1", port_of(pair[0]));
    letter_is_from(&letters[1], "", 0);
    letter_is_from(&letters[63], "", 0);
    letter_is_from(&letters[64], "127.0.0.1", 9);
    letter_is_from(&letters[65], "127.0.0.1", 9);
    batch_close(66);
    close_pair(pair);
}

/* The first one comes while the call sleeps. */
static void a_receive_waits_for_the_first(void **state)
{
    struct scene c;

    (void)state;
    scene_open(&c, situation_named("recvmmsg, UDP"));
    scene_start(&c);
    put(c.peer, "x");
    scene_join(&c);
    assert_in(&c, c.result == 1);
    scene_close(&c);
}

static void empty_datagrams(sock_t *a, sock_t *b, const struct kind *kind)
{
    if (kind->stream)
        return;
    batch_open(3);
    assert_int_equal(sock_sendmmsg(a, batch, 3, 0), 3);
    batch_make_room(3);
    assert_int_equal(sock_recvmmsg(b, batch, 3, 0), 3);
    for (size_t i = 0; i < 3; i++)
        letter_is(&letters[i], "");
    nothing_more(b);
    batch_close(3);
}

static void empty_datagrams_count(void **state)
{
    (void)state;
    each_kind(empty_datagrams);
}

/* ---- what each tells ---- */

static void each_tells_its_sender(void **state)
{
    sock_t *to = sock_create(AF_INET, SOCK_DGRAM, 0), *from[3];

    (void)state;
    assert_true(sock_bind(to, "127.0.0.1", 0));
    for (int i = 0; i < 3; i++) {
        from[i] = sock_create(AF_INET, SOCK_DGRAM, 0);
        assert_true(sock_connect(from[i], "127.0.0.1", port_of(to)));
        put(from[i], "x");
    }
    batch_open(3);
    batch_make_room(3);
    assert_int_equal(sock_recvmmsg(to, batch, 3, 0), 3);
    for (int i = 0; i < 3; i++) {
        letter_is_from(&letters[i], "127.0.0.1", port_of(from[i]));
        sock_close(from[i]);
    }
    batch_close(3);
    sock_close(to);
}

static void is_cut(sock_t *a, sock_t *b, const struct kind *kind)
{
    if (kind->stream)
        return;
    batch_open(3);
    for (int twice = 0; twice < 2; twice++) {
        put(a, "abc");
        put(a, "abcdefgh");
        put(a, "abc");
        batch_make_room(3);
        for (size_t i = 0; i < 3; i++)
            letters[i].part.iov_len = 4;
        assert_int_equal(sock_recvmmsg(b, batch, 3, twice ? MSG_TRUNC : 0), 3);
        for (size_t i = 0; i < 3; i += 2)
            letter_is(&letters[i], "abc");
        assert_int_equal(sock_message_flags(batch[0]), 0);
        assert_int_equal(sock_message_flags(batch[1]), MSG_TRUNC);
        assert_int_equal(sock_message_flags(batch[2]), 0);
        assert_int_equal(sock_message_length(batch[1]), twice ? 8 : 4);
    }
    batch_close(3);
}

static void each_tells_whether_it_was_cut(void **state)
{
    (void)state;
    each_kind(is_cut);
}

/* Back to their senders, all at once. */
static void a_received_batch_goes_back(void **state)
{
    sock_t *server = sock_create(AF_INET, SOCK_DGRAM, 0), *clients[3];

    (void)state;
    assert_true(sock_set_option_int(server, IPPROTO_IP, IP_PKTINFO, 1));
    assert_true(sock_bind(server, "", 0));
    for (int i = 0; i < 3; i++) {
        char host[16];

        snprintf(host, sizeof host, "127.0.0.%d", i + 1);
        clients[i] = sock_create(AF_INET, SOCK_DGRAM, 0);
        assert_true(sock_connect(clients[i], host, port_of(server)));
        put(clients[i], "ask");
    }
    batch_open(3);
    batch_make_room(3);
    assert_int_equal(sock_recvmmsg(server, batch, 3, 0), 3);
    batch_write(3);
    assert_int_equal(sock_sendmmsg(server, batch, 3, 0), 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(letter_receive(&letters[0], clients[i], 0), 1);
        assert_int_equal(letters[0].bytes[0], '0' + i);
        sock_close(clients[i]);
    }
    batch_close(3);
    sock_close(server);
}

/* ---- names and items ---- */

static void each_goes_to_its_own_name(void **state)
{
    sock_t *to[3], *from = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    batch_open(3);
    batch_write(3);
    for (int i = 0; i < 3; i++) {
        to[i] = sock_create(AF_INET, SOCK_DGRAM, 0);
        assert_true(sock_bind(to[i], "127.0.0.1", 0));
        assert_true(
            sock_message_set_name(batch[i], "127.0.0.1", port_of(to[i])));
    }
    assert_int_equal(sock_sendmmsg(from, batch, 3, 0), 3);
    for (int i = 0; i < 3; i++) {
        char byte = 0;

        assert_int_equal(sock_recv(to[i], &byte, 1, 0), 1);
        assert_int_equal(byte, '0' + i);
        sock_close(to[i]);
    }
    batch_close(3);
    sock_close(from);
}

static void a_batch_goes_to_a_host_by_name(void **state)
{
    sock_t          *s = sock_create(AF_INET, SOCK_DGRAM, 0);
    struct addrinfo *found;
    bool             knows = !getaddrinfo("localhost", NULL, NULL, &found);

    (void)state;
    assert_true(sock_bind(s, "127.0.0.1", 0));
    batch_open(70);
    batch_write(70);
    for (size_t i = 0; i < 70; i++)
        assert_true(sock_message_set_name(batch[i], "localhost", port_of(s)));
    if (knows) {
        freeaddrinfo(found);
        assert_int_equal(sock_sendmmsg(s, batch, 70, 0), 70);
        batch_make_room(70);
        assert_int_equal(sock_recvmmsg(s, batch, 70, 0), 64);
        batch_is(0, 64);
        assert_int_equal(sock_recvmmsg(s, batch, 70, 0), 6);
        batch_is(64, 6);
    }
    batch_close(70);
    sock_close(s);
    if (!knows)
        skip_aloud("this system does not know localhost");
}

/* As many as the message's place tells, and close-on-exec they are. */
static void with_handles(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_t *both[] = {a, b};
    int     fds[4];

    if (kind->stream || !kind->is_unix)
        return;
    batch_open(4);
    batch_write(4);
    for (size_t i = 1; i < 3; i++)
        assert_true(sock_message_add_handles(batch[i], both, i));
    assert_true(sock_message_add_fds(batch[3], (int[3]){1, 1, 2}, 3));
    assert_int_equal(sock_sendmmsg(a, batch, 4, 0), 4);
    batch_make_room(4);
    assert_int_equal(sock_recvmmsg(b, batch, 4, 0), 4);
    batch_is(0, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(sock_message_take_fds(batch[i], fds, 4), i);
        for (size_t k = 0; k < i; k++)
            close(fds[k]);
    }
    batch_close(4);
}

static void each_carries_its_own_handles(void **state)
{
    (void)state;
    each_unix_kind(with_handles);
}

/* What the messages held of an earlier receive is closed by this one. */
static void untaken(sock_t *a, sock_t *b, const struct kind *kind)
{
    int before = open_descriptors();

    if (kind->stream)
        return;
    batch_open(3);
    batch_make_room(3);
    for (int twice = 0; twice < 2; twice++) {
        for (int i = 0; i < 3; i++)
            send_descriptors(a, 2);
        assert_int_equal(sock_recvmmsg(b, batch, 3, 0), 3);
        assert_int_equal(open_descriptors(), before + 6);
    }
    for (int i = 0; i < 3; i++)
        put(a, "x");
    assert_int_equal(sock_recvmmsg(b, batch, 3, 0), 3);
    assert_int_equal(open_descriptors(), before);
    batch_close(3);
}

static void the_next_batch_closes_what_nobody_took(void **state)
{
    (void)state;
    each_unix_kind(untaken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_datagrams_is_sent_at_once),
        cmocka_unit_test(every_type_of_datagram_goes),
        cmocka_unit_test(a_receive_takes_what_is_there),
        cmocka_unit_test(messages_behind_the_64th_stay_as_they_are),
        cmocka_unit_test(a_receive_waits_for_the_first),
        cmocka_unit_test(empty_datagrams_count),
        cmocka_unit_test(each_tells_its_sender),
        cmocka_unit_test(each_tells_whether_it_was_cut),
        cmocka_unit_test(a_received_batch_goes_back),
        cmocka_unit_test(each_goes_to_its_own_name),
        cmocka_unit_test(a_batch_goes_to_a_host_by_name),
        cmocka_unit_test(each_carries_its_own_handles),
        cmocka_unit_test(the_next_batch_closes_what_nobody_took),
    };

    return cmocka_run_group_tests_name("batch_messages", tests,
                                       count_descriptors, compare_descriptors);
}
