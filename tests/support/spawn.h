/* spawn.h - a program under test, and plain sockets to talk to it.
 *
 * Nothing here uses libsock: the peers are what a stranger would bring. Every
 * wait ends after SPAWN_PATIENCE; what did not come by then is a failure, told
 * on standard error. A program ends by itself after a minute, should its test
 * have died.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <sys/types.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>

/** Milliseconds that anything may take. */
#define SPAWN_PATIENCE 10000

/** A running program. */
struct spawn {
    pid_t pid;    /**< 0: none */
    int   out;    /**< its standard output; -1: none */
    int   err;    /**< its standard error; -1: none */
    int   status; /**< its exit status; -1 while it runs, or for a signal */
};

/** An address of this machine's that nobody else uses, as text, too. */
struct spawn_place {
    union {
        struct sockaddr     any;
        struct sockaddr_in  in;
        struct sockaddr_in6 in6;
        struct sockaddr_un  un;
    };
    socklen_t size;                     /**< of that address */
    char      address[INET_ADDRSTRLEN]; /**< in brackets if it is IPv6 */
    char      port[8];
};

/** What a program finds; zero: what the test found. */
struct spawn_setting {
    const char        *folder;    /**< where it starts; NULL: here */
    const char *const *variables; /**< "NAME=VALUE" to be added to its
                                       environment, the last NULL; or NULL */
};

/** Start a program; the arguments end with NULL, its name is not among them.
 * No signal is ignored there, whatever the test ignores. */
bool spawn_start(struct spawn *p, const char *program, const char *const *args);

/** The same, elsewhere. */
bool spawn_start_in(struct spawn *p, const struct spawn_setting *setting,
                    const char *program, const char *const *args);

/** The status it exits with, -1 if it does not or is killed by a signal. */
int spawn_wait(struct spawn *p);

/** Kill it if it still runs, and forget it. */
void spawn_stop(struct spawn *p);

/** Find a free port for TCP and UDP on a random 127.x.y.z. */
void spawn_place_pick(struct spawn_place *place);

/** The same on ::1; false if this machine has no IPv6. */
bool spawn_place_pick6(struct spawn_place *place);

/** The place that a socket of this machine's has. */
void spawn_place_of(int fd, struct spawn_place *place);

/** The place of an AF_UNIX socket. */
void spawn_place_path(struct spawn_place *place, const char *path);

/** A socket bound there, and listening if it is a stream: -1 on failure. */
int spawn_occupy(const struct spawn_place *place, int type);

/** Connect, waiting until the program listens: the socket, or -1. */
int spawn_connect(struct spawn *p, const struct spawn_place *place);

/** The same over TCP, with room for 2 KiB of what comes, so that the program is
 * soon full if nobody reads. */
int spawn_connect_little(struct spawn *p, const struct spawn_place *place);

/** Wait until the program has that UDP port. */
bool spawn_has_udp(struct spawn *p, const struct spawn_place *place);

/** Accept one connection: the socket, or -1. */
int spawn_accept(int listener);

/** Send all of it, without ever raising SIGPIPE. */
bool spawn_send(int fd, const void *bytes, size_t len);

/** Wait until all that was sent is where the peer may read it. */
bool spawn_arrives(int fd);

/** Are the next bytes of a stream exactly these? */
bool spawn_expect(int fd, const void *bytes, size_t len);

/** The same for text. */
bool spawn_expect_text(int fd, const char *text);

/** Read up to and including the next line end; false if none comes. */
bool spawn_read_line(int fd, char *line, size_t size);

/** Wait for what comes next, and read(2) it. */
ssize_t spawn_read(int fd, void *bytes, size_t size);

/** Is the stream at its end? */
bool spawn_expect_end(int fd);

/** Is the stream at its end, or was it reset? */
bool spawn_expect_cut(int fd);

/** Is the next packet exactly this? */
bool spawn_expect_packet(int fd, const void *bytes, size_t len);

/** Is there nothing to be read? Looks for 50 ms. */
bool spawn_expect_silence(int fd);

/** Close with a reset: the peer gets ECONNRESET. */
void spawn_reset(int fd);

#endif
