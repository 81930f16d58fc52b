/* url.c - the text of a stream's URL.
 *
 *     URL  = name  |  transport "://" name ["/"]
 *          | ("unix" | "udg") "://" path  |  "fd://" (number | its own name)
 *     name = host ":" port
 *     host = "*"  |  1*(letter | digit | "-" | "." | "_" | byte above 127)
 *          | "[" 1*(hex digit | ":" | ".") ["%" scope] "]"
 *
 * Read once from left to right; what does not fit is refused where it stands.
 * PHP guesses instead: it takes "80junk" for 80, "junk" for 0 and 65616 for 80,
 * so that a slip of the pen opens another port. The slash is for URLs that came
 * from elsewhere, whose normal form ends with one; it needs its transport.
 *
 * Whether a literal is an address, and a name a host's, is for those to say who
 * use them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/url.h"

#include <errno.h>
#include <string.h>

#define HIGHEST_PORT 65535

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyz" CAPITALS
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* What ends the part that names a host, as RFC 3986 has it. */
#define PATH_BEGINS "/?#"

#define NO_PORT "the port is missing"
#define NO_HOST "the host is missing"
#define NO_USER "a user name has no place before the host"
#define NEEDS_BRACKETS "an IPv6 address stands in brackets"
#define NOT_IN_BRACKETS "only an IPv6 address stands in brackets"
#define NOT_IN_HOST "a host has letters, digits, '-', '.' and '_' only"
#define HOST_TOO_LONG "a host has at most 255 bytes"
#define PATH_TOO_LONG "a path has at most 107 bytes"
#define ABSTRACT_TOO_LONG "an abstract name has at most 108 bytes with its '@'"

/* PHP's, in PHP's order, and ours behind them. */
const char *const sk_url_transports[] = {
    "tcp",     "udp",     "unix",    "udg",     "ssl", "tls",
    "tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3", "fd",  NULL,
};

/* What each of them is. */
static const struct kind {
    enum sk_transport transport;
    int               version;
} kinds[] = {
    {SK_URL_TCP, 0},  {SK_URL_UDP, 0},  {SK_URL_UNIX, 0}, {SK_URL_UDG, 0},
    {SK_URL_TLS, 0},  {SK_URL_TLS, 0},  {SK_URL_TLS, 8},  {SK_URL_TLS, 16},
    {SK_URL_TLS, 32}, {SK_URL_TLS, 64}, {SK_URL_FD, 0},
};

_Static_assert(SK_COUNT(kinds) + 1 == SK_COUNT(sk_url_transports),
               "a kind for each transport");

struct reading {
    const char          *begin; /* of the text */
    const char          *rest;  /* what has not been read yet */
    struct sk_url        url;   /* what has been */
    struct sk_url_error *wrong;
};

static sk_err refuse(struct reading *r, const char *at, const char *why)
{
    r->wrong->at  = (size_t)(at - r->begin);
    r->wrong->why = why;
    return EINVAL;
}

/* `at` is the first byte too many. */
static sk_err too_long(struct reading *r, const char *at, const char *why)
{
    refuse(r, at, why);
    return ENAMETOOLONG;
}

/* So does the end of the text, which strchr() finds. */
static bool ends_host(const char *at)
{
    return strchr(PATH_BEGINS, *at);
}

/* ---- host and port ---- */

static sk_err read_port(struct reading *r)
{
    const char *begin = r->rest;
    int         port  = 0;

    if (ends_host(r->rest))
        return refuse(r, r->rest, NO_PORT);
    for (; *r->rest >= '0' && *r->rest <= '9'; r->rest++)
        if (port <= HIGHEST_PORT)
            port = port * 10 + (*r->rest - '0');
    if (!ends_host(r->rest))
        return refuse(r, r->rest, "the port is not a number");
    if (port > HIGHEST_PORT)
        return refuse(r, begin, "the port is above 65535");
    r->url.port = port;
    return 0;
}

/* The host ends at `end`; the brackets of a literal are not in it. */
static sk_err take_host(struct reading *r, const char *begin, const char *end)
{
    r->url.host   = begin;
    r->url.length = (size_t)(end - begin);
    if (r->url.length > SK_URL_HOST_MAX)
        return too_long(r, begin + SK_URL_HOST_MAX, HOST_TOO_LONG);
    r->rest = end;
    return 0;
}

/* A scope is the name of an interface, or its number. */
static sk_err read_literal(struct reading *r)
{
    const char *begin = r->rest + 1;
    const char *end   = begin + strspn(begin, DIGITS "abcdefABCDEF:.");
    const char *scope;
    sk_err      err;

    if (*end != '%' && *end != ']')
        return *end ? refuse(r, end, NOT_IN_BRACKETS)
                    : refuse(r, end, "the ']' is missing");
    if (!memchr(begin, ':', (size_t)(end - begin)))
        return refuse(r, begin, NOT_IN_BRACKETS);
    if (*end == '%') {
        scope = end + 1;
        end   = scope + strspn(scope, DIGITS LETTERS "-._");
        if (end == scope)
            return refuse(r, end, "the scope behind '%' is missing");
        if (*end != ']')
            return refuse(r, end, "the scope ends with ']'");
    }
    if ((err = take_host(r, begin, end)))
        return err;
    r->url.bracketed = true;
    r->rest++;
    return 0;
}

static size_t host_length(const char *host)
{
    size_t n = 0;

    while ((unsigned char)host[n] > 127 ||
           (host[n] && strchr(DIGITS LETTERS "-._", host[n])))
        n++;
    return n;
}

/* Two colons among what an IPv6 address is made of: no host and port. */
static bool wants_brackets(const char *text)
{
    const char *end   = text + strspn(text, DIGITS "abcdefABCDEF:.");
    const char *colon = memchr(text, ':', (size_t)(end - text));

    return colon && memchr(colon + 1, ':', (size_t)(end - colon - 1));
}

static sk_err read_host(struct reading *r)
{
    const char *end = r->rest + host_length(r->rest);

    if (wants_brackets(r->rest))
        return refuse(r, r->rest, NEEDS_BRACKETS);
    if (*r->rest == '*')
        return take_host(r, r->rest, r->rest + 1);
    if (end == r->rest)
        return refuse(r, end,
                      *end == ':' || ends_host(end) ? NO_HOST : NOT_IN_HOST);
    return take_host(r, r->rest, end);
}

/* What stands between a host and its port, if it is not their colon. */
static const char *bad_between(const struct reading *r)
{
    if (ends_host(r->rest))
        return NO_PORT;
    if (r->url.bracketed)
        return "behind the ']' stands ':' and the port";
    return *r->url.host == '*' ? "'*' is a host by itself" : NOT_IN_HOST;
}

static sk_err read_name(struct reading *r)
{
    const char *user = memchr(r->rest, '@', strcspn(r->rest, PATH_BEGINS));
    sk_err      err;

    if (user)
        return refuse(r, user, NO_USER);
    if ((err = *r->rest == '[' ? read_literal(r) : read_host(r)))
        return err;
    if (*r->rest != ':')
        return refuse(r, r->rest, bad_between(r));
    r->rest++;
    return read_port(r);
}

static sk_err read_end(struct reading *r)
{
    if (!*r->rest)
        return 0;
    return refuse(r, r->rest, "nothing stands behind the port");
}

/* ---- paths and descriptors ---- */

static sk_err read_path(struct reading *r)
{
    const char *path     = r->rest;
    bool        abstract = *path == '@';

    r->url.host   = path;
    r->url.length = strlen(path);
    if (!*path)
        return refuse(r, path, "the path is missing");
    if (abstract && r->url.length == 1)
        return refuse(r, path + 1, "the name behind '@' is missing");
    if (abstract && r->url.length > SK_URL_ABSTRACT_MAX)
        return too_long(r, path + SK_URL_ABSTRACT_MAX, ABSTRACT_TOO_LONG);
    if (!abstract && r->url.length > SK_URL_PATH_MAX)
        return too_long(r, path + SK_URL_PATH_MAX, PATH_TOO_LONG);
    return 0;
}

static sk_err read_descriptor(struct reading *r)
{
    const char *at = r->rest;

    if (!*at)
        return refuse(r, at, "the number or name is missing");
    while ((unsigned char)*at >= ' ' && *at != 127 && *at != ':')
        at++;
    if (at - r->rest > SK_URL_HOST_MAX)
        return too_long(r, r->rest + SK_URL_HOST_MAX,
                        "a name has at most 255 bytes");
    if (*at)
        return refuse(r, at, "a name has no ':' and no control characters");
    r->url.host   = r->rest;
    r->url.length = (size_t)(at - r->rest);
    return 0;
}

/* ---- the transport ---- */

static bool has_transport(const char *text, size_t *length)
{
    *length = strspn(text, DIGITS LETTERS "+-.");
    return !strncmp(text + *length, "://", 3);
}

static const struct kind *find_kind(const char *name, size_t length)
{
    for (size_t i = 0; i < SK_COUNT(kinds); i++)
        if (strlen(sk_url_transports[i]) == length &&
            !memcmp(sk_url_transports[i], name, length))
            return &kinds[i];
    return NULL;
}

/* "unix:/path" would be a host without its port: that is not what is wrong. */
static sk_err without_transport(struct reading *r, size_t length)
{
    if (find_kind(r->rest, length) && !strncmp(r->rest + length, ":/", 2))
        return refuse(r, r->rest + length, "\"://\" ends a transport");
    return 0;
}

static const char *unknown(const char *name, size_t length)
{
    if (!length)
        return "the transport is missing";
    if (strcspn(name, CAPITALS) < length)
        return "unknown transport; they are written in small letters";
    return "unknown transport";
}

/* *given: the text names its transport. */
static sk_err read_transport(struct reading *r, bool *given)
{
    const struct kind *kind;
    size_t             length;

    *given = has_transport(r->rest, &length);
    if (!*given)
        return without_transport(r, length);
    if (!(kind = find_kind(r->rest, length)))
        return refuse(r, r->rest, unknown(r->rest, length));
    r->url.transport = kind->transport;
    r->url.version   = kind->version;
    r->rest += length + 3;
    return 0;
}

static sk_err read_url(struct reading *r)
{
    bool   given;
    sk_err err;

    if ((err = read_transport(r, &given)))
        return err;
    if (r->url.transport == SK_URL_FD)
        return read_descriptor(r);
    if (r->url.transport == SK_URL_UNIX || r->url.transport == SK_URL_UDG)
        return read_path(r);
    if ((err = read_name(r)))
        return err;
    if (given && !strcmp(r->rest, "/"))
        r->rest++;
    return read_end(r);
}

static sk_err read_plain_name(struct reading *r)
{
    size_t length;
    sk_err err;

    if (has_transport(r->rest, &length))
        return refuse(r, r->rest, "a transport has no place here");
    err = read_name(r);
    return err ? err : read_end(r);
}

static sk_err read_with(sk_err (*read_text)(struct reading *), const char *text,
                        struct sk_url *out, struct sk_url_error *wrong)
{
    static const char empty[] = "";
    struct reading r = {text, text, {SK_URL_TCP, 0, false, 0, NULL, 0}, wrong};
    sk_err         err;

    if (!text) {
        r.begin = empty;
        return refuse(&r, empty, "NULL is no address");
    }
    if (!(err = read_text(&r)))
        *out = r.url;
    return err;
}

sk_err sk_url_parse(const char *text, struct sk_url *out,
                    struct sk_url_error *wrong)
{
    return read_with(read_url, text, out, wrong);
}

sk_err sk_url_parse_name(const char *text, struct sk_url *out,
                         struct sk_url_error *wrong)
{
    return read_with(read_plain_name, text, out, wrong);
}
