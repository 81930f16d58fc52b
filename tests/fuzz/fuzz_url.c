/* fuzz_url.c - any text is a URL whose parts lie within it, or is refused at a
 * place within it; and the same the second time.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fuzz/fuzz.h"

#include "base/url.h"

#include <errno.h>
#include <string.h>

typedef sk_err parse_fn(const char *, struct sk_url *, struct sk_url_error *);

#ifdef PLANT
#define PLANTED(u) SK_ASSERT(!((u)->bracketed && (u)->port == 44))
#else
#define PLANTED(u) (void)(u)
#endif

static size_t most(const struct sk_url *u)
{
    if (u->transport != SK_URL_UNIX && u->transport != SK_URL_UDG)
        return SK_URL_HOST_MAX;
    return *u->host == '@' ? SK_URL_ABSTRACT_MAX : SK_URL_PATH_MAX;
}

static bool has_port(const struct sk_url *u)
{
    return u->transport == SK_URL_TCP || u->transport == SK_URL_UDP ||
           u->transport == SK_URL_TLS;
}

static bool may_be_in_host(unsigned char c)
{
    return c > ' ' && c != 127 && !strchr("/?#@[]", c);
}

static void check_host(const struct sk_url *u)
{
    for (size_t i = 0; i < u->length; i++) {
        SK_ASSERT(may_be_in_host((unsigned char)u->host[i]));
        SK_ASSERT(u->bracketed || u->host[i] != ':');
    }
    SK_ASSERT(!u->bracketed || memchr(u->host, ':', u->length));
}

static void check_url(const char *text, const struct sk_url *u)
{
    const char *end = text + strlen(text);

    PLANTED(u);
    SK_ASSERT(u->host >= text && u->host < end);
    SK_ASSERT(u->length > 0 && u->length <= (size_t)(end - u->host));
    SK_ASSERT(u->length <= most(u));
    SK_ASSERT(u->port >= 0 && u->port <= 65535);
    SK_ASSERT(u->version == 0 || u->transport == SK_URL_TLS);
    if (has_port(u))
        check_host(u);
    else
        SK_ASSERT(!u->port && !u->bracketed && !u->host[u->length]);
}

static bool same(const struct sk_url *a, const struct sk_url *b)
{
    return a->transport == b->transport && a->version == b->version &&
           a->bracketed == b->bracketed && a->port == b->port &&
           a->host == b->host && a->length == b->length;
}

static sk_err check(parse_fn *parse, const char *text, struct sk_url *u)
{
    struct sk_url_error wrong = {SIZE_MAX, NULL};
    struct sk_url_error again = {SIZE_MAX, NULL};
    struct sk_url       v     = *u;
    sk_err              err   = parse(text, u, &wrong);

    SK_ASSERT(parse(text, &v, &again) == err);
    SK_ASSERT(wrong.at == again.at && wrong.why == again.why);
    SK_ASSERT(same(u, &v));
    if (err) {
        SK_ASSERT(err == EINVAL || err == ENAMETOOLONG);
        SK_ASSERT(wrong.at <= strlen(text) && wrong.why && *wrong.why);
    } else {
        SK_ASSERT(!wrong.why);
        check_url(text, u);
    }
    return err;
}

/* What is a name alone is the same name without its transport. */
static void check_text(const char *text)
{
    struct sk_url url  = {SK_URL_FD, -1, false, -1, NULL, 0};
    struct sk_url name = url;

    sk_err no_url  = check(sk_url_parse, text, &url);
    sk_err no_name = check(sk_url_parse_name, text, &name);

    if (!no_name)
        SK_ASSERT(!no_url && name.transport == SK_URL_TCP && same(&url, &name));
}

/* In memory of its own size, so that a sanitizer sees what reads on. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul  = size ? memchr(data, 0, size) : NULL;
    size_t         used = nul ? (size_t)(nul - data) : size;
    char          *text = malloc(used + 1);

    if (!text)
        return 0;
    if (used)
        memcpy(text, data, used);
    text[used] = '\0';
    check_text(text);
    free(text);
    return 0;
}
