/* url.h - the text of a stream's URL.
 *
 * Pure text: nothing is looked up, no system asked.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_BASE_URL_H
#define SK_BASE_URL_H

#include "base/common.h"

/* The most bytes of a host, or of an fd's name; of a path; of "@name". */
#define SK_URL_HOST_MAX 255
#define SK_URL_PATH_MAX 107
#define SK_URL_ABSTRACT_MAX 108

enum sk_transport {
    SK_URL_TCP,
    SK_URL_UDP,
    SK_URL_UNIX,
    SK_URL_UDG,
    SK_URL_TLS, /* ssl, tls and tlsv1.x */
    SK_URL_FD
};

struct sk_url {
    enum sk_transport transport;
    int               version;   /* of tlsv1.x: PHP's bit 8, 16, 32, 64; or 0 */
    bool              bracketed; /* the host is an IPv6 literal */
    int               port;      /* 0 to 65535; of unix, udg and fd 0 */
    /* The host ("*" stands for every address), without brackets; of unix and
     * udg the path or "@name"; of fd the number or the name. Points into the
     * text that was parsed, and is not NUL-terminated. */
    const char *host;
    size_t      length; /* bytes of host */
};

/* Where a text is wrong, and how. */
struct sk_url_error {
    size_t      at;  /* the byte, from 0 */
    const char *why; /* constant: "the port is not a number" */
};

/* The parts of `text`. EINVAL with *wrong; ENAMETOOLONG with *wrong if the host
 * or the path is longer than above. *out is written by a success only, *wrong
 * by a failure only. */
sk_err sk_url_parse(const char *text, struct sk_url *out,
                    struct sk_url_error *wrong);

/* The same for "host:port" without a transport: what bindto and sendto take. */
sk_err sk_url_parse_name(const char *text, struct sk_url *out,
                         struct sk_url_error *wrong);

/* "tcp" ...; NULL behind the last: all that URLs may name. */
extern SK_PRIVATE const char *const sk_url_transports[];

#endif
