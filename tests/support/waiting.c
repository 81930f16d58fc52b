/* waiting.c - the turns of servers that tell them. */
#include "waiting.h"

void waiting_turn(int fd, const char *end)
{
    struct spawn_place client;

    spawn_place_of(fd, &client);
    stage_prints("Client %s : %s is now connected to us.%s", client.address,
                 client.port, end);
}

void waiting_queue(int fd[WAITING_CLIENTS])
{
    int i;

    for (i = 0; i < WAITING_CLIENTS; i++)
        fd[i] = stage_enter();
}
