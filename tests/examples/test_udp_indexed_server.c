/* test_udp_indexed_server.c - the UDP server counts each peer's packets, empty
 * ones too, and answers with the count. */
#include "support/stage.h"

#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONGEST 32768

static void sends(int fd, const void *packet, size_t len)
{
    assert_int_equal(send(fd, packet, len, 0), len);
}

/* Whose packet is printed next, up to its contents. */
static void prints_peer(int fd)
{
    struct spawn_place own;

    spawn_place_of(fd, &own);
    stage_prints("%s:%s ", own.address, own.port);
}

/* The peer's packet is answered and printed, and this is its number. */
static void counts(int fd, const char *packet, int number)
{
    char answer[128];
    int  n = snprintf(answer, sizeof answer, "packet %d: %s", number, packet);

    sends(fd, packet, strlen(packet));
    assert_true(spawn_expect_packet(fd, answer, (size_t)n));
    prints_peer(fd);
    stage_prints("%s\n", answer);
}

static void each_peer_has_its_count(void **state)
{
    int one = stage_join(), two = stage_join();

    (void)state;
    counts(one, "one", 1);
    counts(one, "two", 2);
    counts(two, "three", 1);
    counts(one, "four", 3);
}

/* A peer is an address and a port: here two peers have one address. */
static void a_peer_is_more_than_its_address(void **state)
{
    struct spawn_place own;
    int                one = stage_join(), two = stage_join();
    int                three = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)state;
    spawn_place_of(one, &own);
    own.in.sin_port = 0;
    assert_int_equal(bind(three, (struct sockaddr *)&own.in, sizeof own.in), 0);
    assert_int_equal(connect(three, (struct sockaddr *)&stage_place.in,
                             sizeof stage_place.in),
                     0);
    counts(one, "one", 1);
    counts(three, "two", 1);
    counts(two, "three", 1);
    counts(three, "four", 2);
    close(three);
}

static void packets_are_counted_beyond_nine(void **state)
{
    int one = stage_join(), i;

    (void)state;
    for (i = 1; i <= 12; i++)
        counts(one, "x", i);
}

static void empty_packets_count(void **state)
{
    int one = stage_join();

    (void)state;
    counts(one, "", 1);
    counts(one, "x\n", 2);
    counts(one, "0", 3);
}

static void nul_bytes_are_kept(void **state)
{
    int one = stage_join();

    (void)state;
    sends(one, STAGE_BYTES("\0a\xff%s\0"));
    assert_true(spawn_expect_packet(one, STAGE_BYTES("packet 1: \0a\xff%s\0")));
    prints_peer(one);
    assert_true(
        spawn_expect(stage.out, STAGE_BYTES("packet 1: \0a\xff%s\0\n")));
}

static void a_packet_of_32768_is_whole(void **state)
{
    char *packet = calloc(1, LONGEST + 10);
    int   one    = stage_join();

    (void)state;
    memcpy(packet, "packet 1: ", 10);
    memset(packet + 10, 'y', LONGEST);
    packet[10 + LONGEST - 1] = '!';
    sends(one, packet + 10, LONGEST);
    assert_true(spawn_expect_packet(one, packet, 10 + LONGEST));
    prints_peer(one);
    assert_true(spawn_expect(stage.out, packet, 10 + LONGEST));
    free(packet);
}

static void a_longer_packet_is_cut(void **state)
{
    char *packet = malloc(40000);
    int   one    = stage_join();

    (void)state;
    memset(packet, 'y', 40000);
    sends(one, packet, 40000);
    memcpy(packet, "packet 1: ", 10);
    assert_true(spawn_expect_packet(one, packet, 10 + LONGEST));
    prints_peer(one);
    assert_true(spawn_expect(stage.out, packet, 10 + LONGEST));
    stage_prints("\n");
    counts(one, "the rest is not a packet", 2);
    free(packet);
}

static void packets_wait_their_turn(void **state)
{
    int one = stage_join(), two = stage_join();

    (void)state;
    stage_pause();
    sends(one, "a", 1);
    sends(two, "b", 1);
    sends(one, "c", 1);
    stage_resume();
    assert_true(spawn_expect_packet(one, STAGE_BYTES("packet 1: a")));
    assert_true(spawn_expect_packet(one, STAGE_BYTES("packet 2: c")));
    assert_true(spawn_expect_packet(two, STAGE_BYTES("packet 1: b")));
}

/* The system may tell at the second answer that nobody took the first. */
static void a_peer_that_is_gone_does_no_harm(void **state)
{
    int one = stage_join(), two = stage_join();

    (void)state;
    stage_pause();
    sends(one, "bye", 3);
    sends(one, "bye", 3);
    stage_leave(one);
    stage_resume();
    sends(two, "hello", 5);
    assert_true(spawn_expect_packet(two, STAGE_BYTES("packet 1: hello")));
    sends(two, "again", 5);
    assert_true(spawn_expect_packet(two, STAGE_BYTES("packet 2: again")));
}

static void a_taken_port_is_told(void **state)
{
    char text[128];

    (void)state;
    (void)snprintf(text, sizeof text,
                   "Failed to bind to %s:%s: Address already in use",
                   stage_place.address, stage_place.port);
    stage_port_taken(SOCK_DGRAM, text, 0);
}

static void the_default_is_port_9000_of_all_addresses(void **state)
{
    (void)state;
    stage_default_taken(SOCK_DGRAM, stage_place.address, 9000,
                        "Failed to bind to 0.0.0.0:9000: "
                        "Address already in use",
                        0);
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_UDP(each_peer_has_its_count),
        STAGE_UDP(a_peer_is_more_than_its_address),
        STAGE_UDP(packets_are_counted_beyond_nine),
        STAGE_UDP(empty_packets_count),
        STAGE_UDP(nul_bytes_are_kept),
        STAGE_UDP(a_packet_of_32768_is_whole),
        STAGE_UDP(a_longer_packet_is_cut),
        STAGE_UDP(packets_wait_their_turn),
        STAGE_UDP(a_peer_that_is_gone_does_no_harm),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(the_default_is_port_9000_of_all_addresses),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/udp_indexed_server");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
