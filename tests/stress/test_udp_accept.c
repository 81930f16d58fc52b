/* test_udp_accept.c - proves that with peers that write while a UDP server
 * accepts and closes, every datagram is answered once, in order and to its
 * sender.
 *
 * A datagram that the system has on its way to one descriptor while its peer is
 * given another may be overtaken. Where a processor is taken away just then,
 * that was seen once in a million; an order that is wrong was seen once in a
 * thousand.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/pollset.h"
#include "support/udpserver.h"

#include <stdio.h>

enum { PEERS = 4, BURST = 8, ROUNDS = 400 / STRESS_SCALE, SWAPS = 64 };

/* ---- peers ---- */

struct peer {
    sock_t     *s;
    int         number;
    int         rounds;
    int         swaps;   /* answers that came before earlier ones */
    const char *failure; /* NULL: none */
    char        got[32];
    pthread_t   thread;
};

static const char *send_burst(struct peer *p, int round)
{
    char text[32];

    for (int i = 0; i < BURST; i++) {
        int n = snprintf(text, sizeof text, "%d:%d:%d", p->number, round, i);

        if (sock_send(p->s, text, (size_t)n, 0) != n)
            return "not sent";
    }
    return NULL;
}

/* Each answer once. */
static const char *take_answers(struct peer *p, int round)
{
    unsigned seen = 0;

    for (int i = 0; i < BURST; i++) {
        ssize_t n = sock_recv(p->s, p->got, sizeof p->got - 1, 0);
        int     number, of, at;

        if (n < 0)
            return "not answered";
        p->got[n] = '\0';
        if (sscanf(p->got, "%d:%d:%d", &number, &of, &at) != 3 ||
            number != p->number)
            return "somebody else's answer";
        if (of != round || at < 0 || at >= BURST || (seen & 1u << at))
            return "answered twice";
        p->swaps += seen != (1u << at) - 1;
        seen |= 1u << at;
    }
    return NULL;
}

static void *run_peer(void *arg)
{
    struct peer *p = arg;

    for (int round = 0; round < p->rounds && !p->failure; round++)
        if (!(p->failure = send_burst(p, round)))
            p->failure = take_answers(p, round);
    return NULL;
}

static void start_peers(struct peer *peers, sock_t *server)
{
    for (int i = 0; i < PEERS; i++) {
        peers[i] = (struct peer){
            .number = i,
            .rounds = ROUNDS,
            .s      = udp_peer(server, i % 2 ? "127.0.0.1" : "127.0.0.2")};
        assert_int_equal(
            pthread_create(&peers[i].thread, NULL, run_peer, &peers[i]), 0);
    }
}

/* How many answers came before earlier ones. */
static int join_peers(struct peer *peers)
{
    int swaps = 0;

    for (int i = 0; i < PEERS; i++) {
        assert_int_equal(pthread_join(peers[i].thread, NULL), 0);
        if (peers[i].failure)
            fail_msg("peer %d: %s (\"%s\")", i, peers[i].failure, peers[i].got);
        swaps += peers[i].swaps;
        sock_close(peers[i].s);
    }
    return swaps;
}

/* ---- servers ---- */

struct server {
    sock_t   *s;
    int       most; /* datagrams answered by one handle */
    pthread_t thread;
};

static void answer(sock_t *s, int most)
{
    char    bytes[64];
    ssize_t n;

    for (int i = 0; i < most; i++) {
        n = sock_recv(s, bytes, sizeof bytes, i ? MSG_DONTWAIT : 0);
        if (n < 0 || sock_send(s, bytes, (size_t)n, 0) != n)
            break;
    }
}

/* Until the server is closed. */
static void *run_server(void *arg)
{
    struct server *server = arg;
    sock_t        *s;

    while ((s = sock_accept(server->s))) {
        assert_true(sock_set_timeout(s, 10000));
        answer(s, server->most);
        sock_close(s);
    }
    return NULL;
}

static void serve(int threads, int most)
{
    sock_t       *s = udp_server(AF_INET, "0.0.0.0");
    struct server servers[2];
    struct peer   peers[PEERS];
    int           swaps;

    for (int i = 0; i < threads; i++) {
        servers[i] = (struct server){.s = s, .most = most};
        assert_int_equal(
            pthread_create(&servers[i].thread, NULL, run_server, &servers[i]),
            0);
    }
    start_peers(peers, s);
    swaps = join_peers(peers);
    sock_close(s);
    for (int i = 0; i < threads; i++)
        assert_int_equal(pthread_join(servers[i].thread, NULL), 0);
    if (threads == 1)
        assert_in_range(swaps, 0, SWAPS);
}

static void every_datagram_is_answered_one_an_accept(void **state)
{
    (void)state;
    serve(1, 1);
}

static void every_datagram_is_answered_some_an_accept(void **state)
{
    (void)state;
    serve(1, 3);
    serve(1, 1000);
}

/* While one thread reads a handle the other accepts, and takes what is for that
 * handle from the system: a read that had begun to wait would sleep on. */
static void two_threads_accept(void **state)
{
    (void)state;
    serve(2, 1);
    serve(2, 3);
}

/* ---- a handle that stays ---- */

/* Others come and go around it. */
static void an_open_handle_gets_all_of_its_own(void **state)
{
    sock_t       *s     = udp_server(AF_INET, "127.0.0.1");
    struct server crowd = {.s = s, .most = 2};
    struct peer   peer  = {.number = 9, .rounds = ROUNDS};
    struct peer   peers[PEERS];
    sock_t       *mine;

    (void)state;
    peer.s = udp_peer(s, "127.0.0.1");
    say(peer.s, "hello");
    mine = accepts(s, "hello");
    assert_int_equal(pthread_create(&crowd.thread, NULL, run_server, &crowd),
                     0);
    for (int i = 0; i < PEERS; i++) {
        peers[i] = (struct peer){
            .number = i, .rounds = ROUNDS, .s = udp_peer(s, "127.0.0.1")};
        assert_int_equal(
            pthread_create(&peers[i].thread, NULL, run_peer, &peers[i]), 0);
    }
    assert_int_equal(pthread_create(&peer.thread, NULL, run_peer, &peer), 0);
    for (int i = 0; i < ROUNDS * BURST; i++)
        answer(mine, 1);
    assert_int_equal(pthread_join(peer.thread, NULL), 0);
    assert_null(peer.failure);
    assert_in_range(peer.swaps, 0, SWAPS);
    assert_in_range(join_peers(peers), 0, SWAPS);
    hears_nothing(mine);
    sock_close(mine);
    sock_close(peer.s);
    sock_close(s);
    assert_int_equal(pthread_join(crowd.thread, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_datagram_is_answered_one_an_accept),
        cmocka_unit_test(every_datagram_is_answered_some_an_accept),
        cmocka_unit_test(two_threads_accept),
        cmocka_unit_test(an_open_handle_gets_all_of_its_own),
    };

    return cmocka_run_group_tests(tests, count_descriptors,
                                  compare_descriptors);
}
