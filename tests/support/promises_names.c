/* promises_names.c - what is promised of names, options, descriptors and what
 * there is to know.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"
#include "support/promises.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void name_is(sock_t *s, bool remote, const char *want)
{
    char name[LIBSOCK_NAMESTRLEN] = "?";

    assert_true(sock_stream_get_name(s, remote, name, sizeof name));
    assert_string_equal(name, want);
}

static void both_ends_agree_on_their_names(void **state)
{
    struct ends e = ends_open(state);
    char        name[LIBSOCK_NAMESTRLEN];

    assert_true(sock_stream_get_name(e.peer, false, name, sizeof name));
    if (e.t->is & IS_INET)
        assert_ptr_equal(
            strstr(name, strchr(e.t->url, '[') ? "[::1]:" : "127.0.0.1:"),
            name);
    name_is(e.self, true, name);
    assert_true(sock_stream_get_name(e.self, false, name, sizeof name));
    name_is(e.peer, true, name);
    ends_close(&e);
}

static void a_name_in_two_parts_is_the_same(void **state)
{
    struct ends e = ends_open(state);
    char        address[LIBSOCK_ADDRSTRLEN], name[LIBSOCK_NAMESTRLEN];
    int         port;

    assert_true(sock_getpeername(e.self, address, sizeof address, &port));
    snprintf(name, sizeof name, strchr(address, ':') ? "[%s]:%d" : "%s:%d",
             address, port);
    name_is(e.self, true, name);
    ends_close(&e);
}

static void no_room_for_a_name_is_refused(void **state)
{
    struct ends e = ends_open(state);
    char        name[8];

    assert_false(sock_stream_get_name(e.self, true, name, sizeof name));
    assert_int_equal(sock_last_error(e.self), EINVAL);
    assert_false(sock_stream_get_name(e.self, true, NULL, 200));
    assert_int_equal(sock_last_error(e.self), EINVAL);
    put_text(e.peer, "not lost");
    failed_with(e.self,
                sock_stream_recvfrom(e.self, name, 8, 0, name, sizeof name),
                EINVAL);
    take_text(e.self, "not lost");
    ends_close(&e);
}

static void a_receive_tells_who_has_sent(void **state)
{
    struct ends e = ends_open(state);
    char        peer[LIBSOCK_NAMESTRLEN], from[LIBSOCK_NAMESTRLEN] = "?";
    char        byte;

    assert_true(sock_stream_get_name(e.peer, false, peer, sizeof peer));
    for (int flags = 0; flags < 2; flags++) {
        put_text(e.peer, "x");
        assert_int_equal(sock_stream_recvfrom(e.self, &byte, 1,
                                              flags ? MSG_PEEK : 0, from,
                                              sizeof from),
                         1);
        assert_string_equal(from, peer);
    }
    assert_int_equal(sock_stream_recvfrom(e.self, &byte, 1, 0, NULL, 0), 1);
    ends_close(&e);
}

/* ---- options ---- */

static void options_are_set_and_read(void **state)
{
    struct ends e = ends_open(state);
    int         value;

    assert_true(sock_set_option_int(e.self, SOL_SOCKET, SO_RCVBUF, 50000));
    assert_true(sock_get_option_int(e.self, SOL_SOCKET, SO_RCVBUF, &value));
    assert_true(value >= 50000);
    assert_true(sock_get_option_int(e.self, SOL_SOCKET, SO_TYPE, &value));
    assert_int_equal(value, e.t->is & IS_STREAM ? SOCK_STREAM : SOCK_DGRAM);
    assert_false(sock_set_option_int(e.self, SOL_SOCKET, 99999, 1));
    assert_int_equal(sock_last_error(e.self), ENOPROTOOPT);
    if (e.t->is & IS_STREAM && e.t->is & IS_INET) {
        assert_true(sock_set_option_int(e.self, SOL_TCP, TCP_NODELAY, 1));
        assert_true(sock_get_option_int(e.self, SOL_TCP, TCP_NODELAY, &value));
        assert_int_equal(value, 1);
    }
    ends_close(&e);
}

static void a_connected_socket_accepts_nobody(void **state)
{
    struct ends e = ends_open(state);

    assert_null(sock_stream_accept(e.self, 0, NULL, 0));
    if (e.t->is & IS_STREAM)
        assert_int_equal(sock_last_error(e.self), EINVAL);
    else
        assert_int_equal(sock_last_error(e.self), EOPNOTSUPP);
    ends_close(&e);
}

/* ---- what there is to know ---- */

static const char *protocol_of(const struct transport *t)
{
    if (!(t->is & IS_TLS))
        return "";
    return strstr(t->url, "v1.2") ? "TLSv1.2" : "TLSv1.3";
}

static void meta_data_name_the_transport(void **state)
{
    struct ends e = ends_open(state);
    sock_meta_t meta;

    memset(&meta, 0xff, sizeof meta);
    assert_true(sock_stream_get_meta_data(e.self, &meta, sizeof meta));
    assert_string_equal(meta.transport, e.t->meta);
    assert_true(meta.blocked);
    assert_false(meta.timed_out);
    assert_false(meta.eof);
    assert_int_equal(meta.unread_bytes, 0);
    assert_string_equal(meta.alpn, "");
    assert_int_equal(!!meta.cipher_bits, !!(e.t->is & IS_TLS));
    assert_int_equal(!!*meta.cipher, !!(e.t->is & IS_TLS));
    assert_string_equal(meta.protocol, protocol_of(e.t));
    ends_close(&e);
}

static void meta_data_are_filled_by_size(void **state)
{
    struct ends e = ends_open(state);
    struct {
        sock_meta_t   meta;
        unsigned char more[16];
    } later;

    memset(&later, 0xff, sizeof later);
    assert_true(sock_stream_get_meta_data(e.self, &later.meta, 2));
    assert_true(later.meta.blocked);
    assert_int_equal(*((unsigned char *)&later + 2), 0xff);
    memset(&later, 0xff, sizeof later);
    assert_true(sock_stream_get_meta_data(e.self, &later.meta, sizeof later));
    for (size_t i = 0; i < sizeof later.more; i++)
        assert_int_equal(later.more[i], 0);
    assert_false(sock_stream_get_meta_data(e.self, &later.meta, 0));
    assert_int_equal(sock_last_error(e.self), EINVAL);
    assert_false(sock_stream_get_meta_data(e.self, NULL, sizeof later));
    assert_int_equal(sock_last_error(e.self), EINVAL);
    ends_close(&e);
}

static void a_certificate_is_only_with_tls(void **state)
{
    struct ends e = ends_open(state);
    char        pem[8192];

    sock_clear_error(e.self);
    if (!(e.t->is & IS_TLS))
        failed_with(e.self,
                    sock_stream_get_peer_certificate(e.self, 0, pem, 8192),
                    EOPNOTSUPP);
    else
        assert_true(sock_stream_get_peer_certificate(e.self, 0, pem, 8192) >=
                    0);
    ends_close(&e);
}

/* A failing call's sentence tells the verb, with whom, and why. */
static void a_failure_reads_well(void **state)
{
    struct ends e = ends_open(state);
    char        name[LIBSOCK_NAMESTRLEN];
    char        byte;
    const char *said;

    assert_true(sock_stream_get_name(e.self, true, name, sizeof name));
    failed_with(e.self, sock_recv(e.self, &byte, 1, MSG_DONTWAIT), EAGAIN);
    said = sock_last_message(e.self);
    if (strncmp(said, "recv", 4) || !strstr(said, name) ||
        !strstr(said, sock_strerror(EAGAIN)))
        fail_msg("%s", said);
    ends_close(&e);
}

/* ---- descriptors ---- */

static void a_descriptor_is_given_up_only_in_the_clear(void **state)
{
    struct ends e = ends_open(state);
    int         fd;

    sock_clear_error(e.self);
    fd = sock_export_fd(e.self);
    if (e.t->is & IS_TLS) {
        assert_int_equal(fd, -1);
        assert_int_equal(sock_last_error(e.self), EOPNOTSUPP);
        put_text(e.self, "goes on");
        take_text(e.peer, "goes on");
    } else {
        assert_true(fd >= 0);
        assert_false(sock_close(e.self));
        assert_int_equal(send(fd, "raw", 3, 0), 3);
        take_text(e.peer, "raw");
        close(fd);
    }
    ends_close(&e);
}

/* What a server of UDP has accepted does not travel: what comes for it may come
 * to its server. */
static bool travels(const struct ends *e)
{
    return !(e->t->is & IS_TLS) && !(e->t->is & IS_SERVED && e->is_accepted);
}

static void a_handle_travels_only_in_the_clear(void **state)
{
    struct ends     e    = ends_open(state);
    char            byte = 'x';
    struct iovec    part = {&byte, 1};
    sock_message_t *m    = sock_message_create(1024);
    sock_t         *way[2];

    unix_pair(SOCK_STREAM, way);
    sock_message_set_parts(m, &part, 1);
    assert_true(sock_message_add_handles(m, &e.self, 1));
    sock_clear_error(way[0]);
    if (travels(&e))
        assert_int_equal(sock_sendmsg(way[0], m, 0), 1);
    else
        failed_with(way[0], sock_sendmsg(way[0], m, 0), EOPNOTSUPP);
    sock_message_free(m);
    close_pair(way);
    put_text(e.self, "goes on");
    take_text(e.peer, "goes on");
    ends_close(&e);
}

static void every_descriptor_is_close_on_exec(void **state)
{
    struct ends e = ends_open(state);

    assert_true(fcntl(sock_fd(e.self), F_GETFD) & FD_CLOEXEC);
    ends_close(&e);
}

#define P(name, needs)                                                         \
    {                                                                          \
#name, name, needs                                                     \
    }

const struct promise promises_of_names[] = {
    P(both_ends_agree_on_their_names, 0),
    P(a_name_in_two_parts_is_the_same, IS_INET),
    P(no_room_for_a_name_is_refused, 0),
    P(a_receive_tells_who_has_sent, 0),
    P(options_are_set_and_read, 0),
    P(a_connected_socket_accepts_nobody, 0),
    P(meta_data_name_the_transport, 0),
    P(meta_data_are_filled_by_size, 0),
    P(a_certificate_is_only_with_tls, 0),
    P(a_failure_reads_well, IS_INET),
    P(a_descriptor_is_given_up_only_in_the_clear, 0),
    P(a_handle_travels_only_in_the_clear, 0),
    P(every_descriptor_is_close_on_exec, 0),
    {NULL, NULL, 0},
};
