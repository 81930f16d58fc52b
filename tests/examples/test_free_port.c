/* test_free_port.c - the program binds a UDP socket and tells exactly what it
 * got. */
#include "support/stage.h"

#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

/* The program prints "ADDRESS:PORT", with a port that is free: it is taken. */
static void prints_a_free_port(const char *address)
{
    char    text[64];
    size_t  start = strlen(address) + 1;
    ssize_t n;
    int     fd;

    assert_int_equal(spawn_wait(&stage), 0);
    n = spawn_read(stage.out, text, sizeof text - 1);
    assert_true(n > (ssize_t)start);
    text[n] = '\0';
    assert_memory_equal(text, address, start - 1);
    assert_int_equal(text[start - 1], ':');
    assert_int_equal(strspn(text + start, "0123456789"), strlen(text + start));
    stage_place.in.sin_port = htons((in_port_t)atoi(text + start));
    assert_int_not_equal(stage_place.in.sin_port, 0);
    assert_true((fd = spawn_occupy(&stage_place, SOCK_DGRAM)) >= 0);
    close(fd);
    stage_ends(0);
}

static void port_0_is_a_free_one(void **state)
{
    (void)state;
    stage_start(stage_place.address, "0", NULL);
    prints_a_free_port(stage_place.address);
}

static void port_0_of_ipv6_is_a_free_one(void **state)
{
    (void)state;
    stage_move_to_ipv6();
    stage_start(stage_place.address, "0", NULL);
    prints_a_free_port("[::1]");
}

/* Whatever it was, another one is as good. */
static void the_port_is_0_unless_said(void **state)
{
    int holder;

    (void)state;
    stage_start(stage_place.address, NULL);
    prints_a_free_port(stage_place.address);
    holder = spawn_occupy(&stage_place, SOCK_DGRAM);
    spawn_stop(&stage);
    stage_start(stage_place.address, NULL);
    prints_a_free_port(stage_place.address);
    close(holder);
}

static void the_address_is_127_0_0_1_unless_said(void **state)
{
    (void)state;
    stage_start(NULL, NULL);
    stage_place.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    prints_a_free_port("127.0.0.1");
}

static void a_given_port_is_told(void **state)
{
    (void)state;
    stage_start(stage_place.address, stage_place.port, NULL);
    stage_prints("%s:%s", stage_place.address, stage_place.port);
    stage_ends(0);
}

static void a_given_port_of_ipv6_is_told(void **state)
{
    (void)state;
    stage_move_to_ipv6();
    stage_start(stage_place.address, stage_place.port, NULL);
    stage_prints("[::1]:%s", stage_place.port);
    stage_ends(0);
}

static void tcp_may_have_the_port(void **state)
{
    (void)state;
    stage_listen();
    a_given_port_is_told(state);
}

static void a_taken_port_is_told(void **state)
{
    (void)state;
    stage_port_taken(SOCK_DGRAM, "ERROR: 98 - Address already in use<br />\n",
                     0);
}

static void a_taken_port_of_ipv6_is_told(void **state)
{
    (void)state;
    stage_move_to_ipv6();
    stage_port_taken(SOCK_DGRAM, "ERROR: 98 - Address already in use<br />\n",
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
        STAGE_ALONE(port_0_is_a_free_one),
        STAGE_ALONE(port_0_of_ipv6_is_a_free_one),
        STAGE_ALONE(the_port_is_0_unless_said),
        STAGE_ALONE(the_address_is_127_0_0_1_unless_said),
        STAGE_ALONE(a_given_port_is_told),
        STAGE_ALONE(a_given_port_of_ipv6_is_told),
        STAGE_ALONE(tcp_may_have_the_port),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(a_taken_port_of_ipv6_is_told),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/free_port");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
