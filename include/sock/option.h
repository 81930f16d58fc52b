/* sock/option.h - socket options.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCK_OPTION_H
#define SOCK_OPTION_H

#include <sock/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Set an option from its bytes, as the system defines them.
 *
 * SO_RCVTIMEO and SO_SNDTIMEO, each a struct timeval, become the handle's own
 * limit for reading and for writing (see sock_set_timeout()); zero is none.
 *
 * PHP: socket_set_option() and its alias socket_setopt().
 *
 * @param s       an open socket
 * @param level   SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, SOL_TCP, SOL_UDP ...
 * @param option  SO_REUSEADDR, TCP_NODELAY ...
 * @param value   the value
 * @param size    bytes in value
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF        s is not open
 *           EINVAL       value is NULL, or it or size does not suit the option
 *           EDOM         a time out of range
 *           ENOPROTOOPT  there is no such option at that level
 *           EPERM        the option is for the superuser
 *           or another code of the system's for that option
 *
 * @see sock_set_option_int(), sock_get_option()
 */
LIBSOCK_API bool sock_set_option(sock_t *s, int level, int option,
                                 const void *value, size_t size);

/**
 * Read an option's bytes, as the system defines them.
 *
 * PHP: socket_get_option() and its alias socket_getopt().
 *
 * @param s       an open socket
 * @param level   as in sock_set_option()
 * @param option  as in sock_set_option()
 * @param value   where the bytes go
 * @param size    in: room in value, in bytes; out: bytes of the option
 *
 * @return true; false with the reason in sock_last_error(s), value untouched:
 *           EBADF        s is not open
 *           EINVAL       value or size is NULL
 *           ENOPROTOOPT  there is no such option at that level
 *           or another code of the system's for that option
 *
 * @see sock_get_option_int()
 */
LIBSOCK_API bool sock_get_option(sock_t *s, int level, int option, void *value,
                                 size_t *size);

/**
 * Set an option whose value is a number or a yes or no.
 *
 * PHP: socket_set_option() with an int.
 *
 * @param s       an open socket
 * @param level   as in sock_set_option()
 * @param option  an option of type int
 * @param value   the value; 1 and 0 for yes and no
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF        s is not open
 *           EINVAL       the value is out of range, or the option is no int
 *           ENOPROTOOPT  there is no such option at that level
 *           EPERM        the option is for the superuser
 *           or another code of the system's for that option
 */
LIBSOCK_API bool sock_set_option_int(sock_t *s, int level, int option,
                                     int value);

/**
 * Read an option whose value is a number or a yes or no.
 *
 * SO_ERROR tells how a connect in progress ended, and clears it.
 *
 * PHP: socket_get_option(), which returns the first four bytes of an option of
 * any type; here an option that is no int is an error.
 *
 * @param s       an open socket
 * @param level   as in sock_set_option()
 * @param option  an option of type int, or of one byte
 * @param value   where the number goes
 *
 * @return true; false with the reason in sock_last_error(s), *value untouched:
 *           EBADF        s is not open
 *           EINVAL       value is NULL, or the option is no int
 *           ENOPROTOOPT  there is no such option at that level
 *           or another code of the system's for that option
 */
LIBSOCK_API bool sock_get_option_int(sock_t *s, int level, int option,
                                     int *value);

/**
 * Decide what becomes of unsent bytes when the socket is closed.
 *
 * Off, the usual: the system goes on sending. 0: they are dropped and the peer
 * sees a reset. More: as off, for sock_close() never waits; other processes
 * that share the socket do wait in their close.
 *
 * PHP: socket_set_option(SO_LINGER).
 *
 * @param s        an open socket
 * @param seconds  0 to 65535; -1 switches it off
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF   s is not open
 *           EINVAL  seconds out of range
 *
 * @see sock_close()
 */
LIBSOCK_API bool sock_set_linger(sock_t *s, int seconds);

/**
 * Read what sock_set_linger() set.
 *
 * PHP: socket_get_option(SO_LINGER).
 *
 * @param s        an open socket
 * @param seconds  where the seconds go; -1 for off
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF   s is not open
 *           EINVAL  seconds is NULL
 */
LIBSOCK_API bool sock_get_linger(sock_t *s, int *seconds);

/**
 * Have the system probe an idle TCP connection, and end it with ETIMEDOUT when
 * the peer does not answer.
 *
 * PHP: socket_set_option() with SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL and
 * TCP_KEEPCNT.
 *
 * @param s           a TCP socket
 * @param idle_s      seconds of silence before the first probe; 0 leaves the
 *                    system's value; -1 switches probing off
 * @param interval_s  seconds between probes; 0 leaves the system's value
 * @param count       probes without an answer that end the connection; 0
 *                    leaves the system's value
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF       s is not open
 *           EINVAL      a number out of the system's range
 *           EOPNOTSUPP  s is not a TCP socket
 */
LIBSOCK_API bool sock_set_keepalive(sock_t *s, int idle_s, int interval_s,
                                    int count);

#ifdef __cplusplus
}
#endif

#endif
