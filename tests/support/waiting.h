/* waiting.h - what accept_once_server and the servers like it have in common:
 * they tell how far they are, and whose turn it is. */
#ifndef WAITING_H
#define WAITING_H

#include "support/stage.h"

/** What they print once they wait for clients, and where they cannot. */
#define WAITING_BEGINS                                                         \
    "Socket created \nSocket bind OK \nSocket listen OK \n"                    \
    "Waiting for incoming connections... \n"
#define WAITING_TAKEN                                                          \
    "Socket created \nCould not bind socket : [98] Address already in use \n"

/** The turn of the test's connection is told next, by its address, then `end`.
 */
void waiting_turn(int fd, const char *end);

/** As many clients as the listen queue has to take, in this order. */
#define WAITING_CLIENTS 10
void waiting_queue(int fd[WAITING_CLIENTS]);

#endif
