/* sock/option.h - socket options.
 *
 * An interface is a name ("eth0"), a number as text ("2"), or NULL or "": the
 * system chooses.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCK_OPTION_H
#define SOCK_OPTION_H

#include <sock/base.h>

#include <net/if.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Set an option from its bytes, as the system defines them.
 *
 * SO_RCVTIMEO and SO_SNDTIMEO, each a struct timeval, become the handle's own
 * limit for reading and for writing (see sock_set_timeout()); zero is none. An
 * option that is a text, such as TCP_CONGESTION and SO_BINDTODEVICE, is its
 * bytes, as many as strlen() tells.
 *
 * With SOL_UDP's UDP_GRO what the system has joined is taken apart (see
 * sock_recvmmsg()), so it cannot be switched off again; nor is it there for
 * streams by URL, or for a socket to be sent along with a message.
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
 *           EBUSY        UDP_GRO: another call that may receive uses s
 *           EOPNOTSUPP   UDP_GRO: s is a stream by URL, or has it on already
 * and the value is 0 or another code of the system's for that option
 *
 * @see sock_set_option_int(), sock_get_option()
 */
LIBSOCK_API bool sock_set_option(sock_t *s, int level, int option,
                                 const void *value, size_t size);

/**
 * Read an option's bytes, as the system defines them.
 *
 * A text has no end of its own unless it is shorter than the room: start with
 * zeros and leave one.
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
 *           EBUSY, EOPNOTSUPP  UDP_GRO: as in sock_set_option()
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

/* ---- multicast ---- */

/**
 * Receive what is sent to a multicast group, from whomever.
 *
 * The socket must be bound to the group's port: on every address, or on the
 * group's, which keeps away what is sent to others. Membership ends with
 * sock_leave_group() and when the socket is closed. On Linux a socket that is
 * bound to every address also gets what is sent to groups that others in this
 * machine have joined, unless IP_MULTICAST_ALL or IPV6_MULTICAST_ALL is 0.
 *
 * PHP: socket_set_option() with MCAST_JOIN_GROUP.
 *
 * @param s               a datagram or raw socket of AF_INET or AF_INET6
 * @param group           the group's address, in the socket's family; no name.
 *                        A scope ("ff02::1%eth0") tells the interface, too
 * @param interface_name  where to listen; as at the head of this file
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF          s is not open
 *           EINVAL         group is NULL, no address or no group's, or has the
 *                          scope of another interface
 *           EAFNOSUPPORT   group is of the other family
 *           EOPNOTSUPP     s is no datagram or raw socket of AF_INET, AF_INET6
 *           ENODEV         there is no such interface; NULL: no way there
 *           EADDRINUSE     s is a member on that interface, for any source or
 *                          for chosen ones
 *           EADDRNOTAVAIL  the interface has no such addresses
 *           ENOBUFS        too many memberships
 */
LIBSOCK_API bool sock_join_group(sock_t *s, const char *group,
                                 const char *interface_name);

/**
 * Undo sock_join_group(), and all of sock_join_source_group() there.
 *
 * PHP: socket_set_option() with MCAST_LEAVE_GROUP.
 *
 * @param s               as in sock_join_group()
 * @param group           as in sock_join_group()
 * @param interface_name  as it was joined
 *
 * @return true; false with the reason in sock_last_error(s): EADDRNOTAVAIL if s
 *         is no member, or a code of sock_join_group()'s
 */
LIBSOCK_API bool sock_leave_group(sock_t *s, const char *group,
                                  const char *interface_name);

/**
 * Receive what one source sends to a multicast group. May be called for several
 * sources.
 *
 * PHP: socket_set_option() with MCAST_JOIN_SOURCE_GROUP.
 *
 * @param s               as in sock_join_group()
 * @param group           as in sock_join_group()
 * @param source          the source's address, in the socket's family; no name
 * @param interface_name  where to listen; as at the head of this file
 *
 * @return true; false with the reason in sock_last_error(s): as
 *         sock_join_group(), for source as for group, and
 *           EINVAL         source is a group's address, or s is a member for
 *                          any source (interface_name NULL: on any interface)
 *           EADDRNOTAVAIL  that source is joined
 *         but never EADDRINUSE
 */
LIBSOCK_API bool sock_join_source_group(sock_t *s, const char *group,
                                        const char *source,
                                        const char *interface_name);

/**
 * Undo sock_join_source_group().
 *
 * PHP: socket_set_option() with MCAST_LEAVE_SOURCE_GROUP.
 *
 * @param s               as in sock_join_group()
 * @param group           as in sock_join_group()
 * @param source          as it was joined
 * @param interface_name  as it was joined
 *
 * @return true; false with the reason in sock_last_error(s): as
 *         sock_join_group(), and
 *           EADDRNOTAVAIL, EINVAL  that source is not joined
 *           EINVAL                 s is a member for any source
 */
LIBSOCK_API bool sock_leave_source_group(sock_t *s, const char *group,
                                         const char *source,
                                         const char *interface_name);

/**
 * Of a group joined for any source, receive no more of one source.
 *
 * PHP: socket_set_option() with MCAST_BLOCK_SOURCE.
 *
 * @param s               as in sock_join_group()
 * @param group           a joined group
 * @param source          the source's address, in the socket's family; no name
 * @param interface_name  as it was joined
 *
 * @return true; false with the reason in sock_last_error(s): as
 *         sock_join_group(), and
 *           EADDRNOTAVAIL, EINVAL  that group is not joined, or for chosen
 *                                  sources only
 *           EADDRNOTAVAIL          that source is blocked
 */
LIBSOCK_API bool sock_block_source(sock_t *s, const char *group,
                                   const char *source,
                                   const char *interface_name);

/**
 * Undo sock_block_source().
 *
 * PHP: socket_set_option() with MCAST_UNBLOCK_SOURCE.
 *
 * @param s               as in sock_join_group()
 * @param group           a joined group
 * @param source          the source that is blocked
 * @param interface_name  as it was joined
 *
 * @return true; false with the reason in sock_last_error(s): as
 *         sock_join_group(), and
 *           EADDRNOTAVAIL, EINVAL  that source is not blocked
 */
LIBSOCK_API bool sock_unblock_source(sock_t *s, const char *group,
                                     const char *source,
                                     const char *interface_name);

/**
 * Say through which interface multicast datagrams are sent.
 *
 * PHP: socket_set_option() with IP_MULTICAST_IF or IPV6_MULTICAST_IF.
 *
 * @param s               as in sock_join_group()
 * @param interface_name  as at the head of this file
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF       s is not open
 *           EOPNOTSUPP  s is no datagram or raw socket of AF_INET, AF_INET6
 *           ENODEV      there is no such interface
 *           EINVAL      s is bound to another interface
 */
LIBSOCK_API bool sock_set_multicast_interface(sock_t     *s,
                                              const char *interface_name);

/**
 * Through which interface multicast datagrams are sent.
 *
 * PHP: socket_get_option() with IP_MULTICAST_IF or IPV6_MULTICAST_IF, which
 * return the number.
 *
 * @param s               as in sock_join_group()
 * @param interface_name  where the name goes; "" if the system chooses. Linux
 *                        tells the choice of an AF_INET socket by an address
 *                        of the interface: one without any is "", too, and
 *                        of two that share theirs it is either
 * @param size            room in interface_name, in bytes; IF_NAMESIZE
 *                        suffices, as does LIBSOCK_ADDRSTRLEN
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF       s is not open
 *           EINVAL      interface_name is NULL, or size is less than
 *                       IF_NAMESIZE
 *           EOPNOTSUPP  s is no datagram or raw socket of AF_INET, AF_INET6
 */
LIBSOCK_API bool sock_get_multicast_interface(sock_t *s, char *interface_name,
                                              size_t size);

/**
 * How many hops multicast datagrams may take; 1, the usual, stays in the local
 * network. Linux sends 0 there, too, unless this machine has a member.
 *
 * PHP: socket_set_option() with IP_MULTICAST_TTL or IPV6_MULTICAST_HOPS.
 *
 * @param s     as in sock_join_group()
 * @param hops  0 to 255; 0 stays in this machine; -1: the usual
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF       s is not open
 *           EINVAL      hops out of range
 *           EOPNOTSUPP  s is no datagram or raw socket of AF_INET, AF_INET6
 */
LIBSOCK_API bool sock_set_multicast_ttl(sock_t *s, int hops);

/**
 * Read what sock_set_multicast_ttl() set.
 *
 * PHP: socket_get_option() with IP_MULTICAST_TTL or IPV6_MULTICAST_HOPS.
 *
 * @param s     as in sock_join_group()
 * @param hops  where the number goes
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF       s is not open
 *           EINVAL      hops is NULL
 *           EOPNOTSUPP  s is no datagram or raw socket of AF_INET, AF_INET6
 */
LIBSOCK_API bool sock_get_multicast_ttl(sock_t *s, int *hops);

/**
 * Shall members on this machine get what is sent to a group from it? Usually
 * yes. What is sent through lo always comes back.
 *
 * PHP: socket_set_option() with IP_MULTICAST_LOOP or IPV6_MULTICAST_LOOP.
 *
 * @param s   as in sock_join_group()
 * @param on  true or false
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF       s is not open
 *           EOPNOTSUPP  s is no datagram or raw socket of AF_INET, AF_INET6
 */
LIBSOCK_API bool sock_set_multicast_loop(sock_t *s, bool on);

/**
 * Read what sock_set_multicast_loop() set.
 *
 * PHP: socket_get_option() with IP_MULTICAST_LOOP or IPV6_MULTICAST_LOOP.
 *
 * @param s   as in sock_join_group()
 * @param on  where the answer goes
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF       s is not open
 *           EINVAL      on is NULL
 *           EOPNOTSUPP  s is no datagram or raw socket of AF_INET, AF_INET6
 */
LIBSOCK_API bool sock_get_multicast_loop(sock_t *s, bool *on);

/* ---- the peer ---- */

/**
 * Who is at the other end of an AF_UNIX connection: who connected, or who
 * called listen, or who made the pair, at that time. A process that this one
 * cannot see, in another namespace, is 0.
 *
 * PHP: socket_get_option() with SO_PEERCRED, whose first number it returns.
 *
 * @param s    a connected AF_UNIX socket
 * @param out  where they go
 *
 * @return true; false with the reason in sock_last_error(s), *out untouched:
 *           EBADF       s is not open
 *           EINVAL      out is NULL
 *           EOPNOTSUPP  s is not of AF_UNIX
 *           ENOTCONN    s is not connected, or a datagram socket of no pair
 *
 * @see sock_message_get_credentials()
 */
LIBSOCK_API bool sock_get_peer_credentials(sock_t *s, sock_credentials_t *out);

#ifdef __cplusplus
}
#endif

#endif
