/* test_connect_client.c - the client connects, tells so, and is gone. */
#include "support/stage.h"

#include <sys/socket.h>

static void a_connection_is_told_and_nothing_sent(void **state)
{
    int fd = stage_receive();

    (void)state;
    stage_prints("Socket created \nConnection established \n");
    stage_hears_end(fd);
    stage_ends(0);
}

static void it_does_not_wait_for_the_server(void **state)
{
    (void)state;
    stage_prints("Socket created \nConnection established \n");
    stage_ends(0);
}

static void a_refusal_is_told(void **state)
{
    (void)state;
    stage_start(stage_place.address, stage_place.port, NULL);
    stage_prints("Socket created \n"
                 "Could not connect: [111] Connection refused \n");
    stage_ends(0);
}

static void the_default_port_is_80(void **state)
{
    (void)state;
    stage_listen_at_default(80);
    stage_start(stage_place.address, NULL);
    stage_hears_end(stage_receive());
    stage_prints("Socket created \nConnection established \n");
    stage_ends(0);
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_CLIENT(a_connection_is_told_and_nothing_sent),
        STAGE_CLIENT(it_does_not_wait_for_the_server),
        STAGE_ALONE(a_refusal_is_told),
        STAGE_ALONE(the_default_port_is_80),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/connect_client");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
