/* sock/sock.h - PHP's sockets, for C.  Includes all of libsock.
 *
 *     sock_t *server = sock_create_listen(10000, 5);
 *     sock_t *client;
 *
 *     while (server && (client = sock_accept(server))) {
 *         char    line[2048];
 *         ssize_t n;
 *
 *         while ((n = sock_read(client, line, sizeof line,
 *                               LIBSOCK_NORMAL_READ)) > 0)
 *             sock_write_all(client, line, (size_t)n, NULL);
 *         sock_close(client);
 *     }
 *     fprintf(stderr, "%s\n", sock_last_message(NULL));
 *
 * base.h     handles, results, times: the rules of every call
 * error.h    what went wrong, as a code and as a sentence
 * socket.h   create, bind, connect, accept, read, write, select, close
 * option.h   socket options, linger, keep-alive, multicast, credentials
 * message.h  messages with control items, batches, PHP 4's vectors
 * address.h  looking names up
 * poll.h     waiting on many sockets
 * stream.h   sockets by URL, TLS, and the calls of files
 * context.h  the options of streams
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCK_SOCK_H
#define SOCK_SOCK_H

#include <sock/address.h>
#include <sock/base.h>
#include <sock/context.h>
#include <sock/error.h>
#include <sock/message.h>
#include <sock/option.h>
#include <sock/poll.h>
#include <sock/socket.h>
#include <sock/stream.h>

#endif
