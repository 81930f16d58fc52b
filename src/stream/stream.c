#include <sock/stream.h>
#include "stream/tls.h"
sock_t *sock_stream_server(const char *url, int flags, sock_context_t *ctx)
{
    (void)url;
    (void)flags;
    (void)ctx;
    return NULL;
}
sock_t *sock_stream_client(const char *url, int timeout_ms, int flags,
                           sock_context_t *ctx)
{
    (void)url;
    (void)timeout_ms;
    (void)flags;
    (void)ctx;
    return NULL;
}
sock_t *sock_stream_accept(sock_t *server, int timeout_ms, char *peer,
                           size_t size)
{
    (void)server;
    (void)timeout_ms;
    (void)peer;
    (void)size;
    return NULL;
}
bool sock_stream_get_name(sock_t *s, bool remote, char *name, size_t size)
{
    (void)s;
    (void)remote;
    (void)name;
    (void)size;
    return false;
}
ssize_t sock_stream_recvfrom(sock_t *s, void *buf, size_t len, int flags,
                             char *peer, size_t size)
{
    (void)s;
    (void)buf;
    (void)len;
    (void)flags;
    (void)peer;
    (void)size;
    return -1;
}
ssize_t sock_stream_sendto(sock_t *s, const void *buf, size_t len, int flags,
                           const char *peer)
{
    (void)s;
    (void)buf;
    (void)len;
    (void)flags;
    (void)peer;
    return -1;
}
bool sock_stream_pair(int domain, int type, int protocol, sock_t *pair[2])
{
    (void)domain;
    (void)type;
    (void)protocol;
    (void)pair;
    return false;
}
bool sock_stream_enable_crypto(sock_t *s, bool enable, int method,
                               sock_t *session)
{
    (void)s;
    (void)enable;
    (void)method;
    (void)session;
    return false;
}
const char *const *sock_stream_get_transports(void)
{
    return NULL;
}
bool sock_stream_get_meta_data(sock_t *s, sock_meta_t *out, size_t size)
{
    (void)s;
    (void)out;
    (void)size;
    return false;
}
ssize_t sock_stream_get_peer_certificate(sock_t *s, size_t depth, char *pem,
                                         size_t size)
{
    (void)s;
    (void)depth;
    (void)pem;
    (void)size;
    return -1;
}
bool sock_stream_set_context(sock_t *server, sock_context_t *ctx)
{
    (void)server;
    (void)ctx;
    return false;
}
