/* options.c - a context's options by name: their kinds, defaults and ranges.
 *
 * One table says all there is to say of an option: defaults, setting and
 * freeing walk it. A map is a row whose name ends in a dot; what stands behind
 * the dot is the key of an entry.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/options.h"

#include "stream/option_text.h"

#include <sock/stream.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

/* What stands in the field of struct sk_options. */
enum field {
    IS_TEXT,    /* char * */
    IS_MAP,     /* struct sk_option_entry * */
    IS_WISH,    /* enum sk_wish */
    IS_NUMBER,  /* int, from `least` to `most` */
    IS_METHOD,  /* int, LIBSOCK_CRYPTO_... */
    IS_VERSION, /* int, LIBSOCK_CRYPTO_PROTO_... */
    IS_ANSWER,  /* bool */
    IS_MAYBE    /* int: an answer, or SK_UNSET */
};

struct option {
    const char      *name;
    enum field       field;
    size_t           at;       /* offset of the field */
    int              standard; /* the default, but of texts and maps */
    int              least, most;
    const char      *range; /* of a number, as a text */
    sk_option_check *check; /* of a text; NULL: anything goes */
    sk_option_check *check_key;
    size_t           slot; /* of a map: offset of the value in its entry */
    bool             hex;  /* a text that is kept as plain hex */
};

/* The columns of a row, by what stands in its field. */
#define FIELD(of, f) .field = of, .at = offsetof(struct sk_options, f)
#define TEXT(f, may) FIELD(IS_TEXT, f), .check = may
#define NUMBER(f, otherwise, from, to)                                         \
    FIELD(IS_NUMBER, f), .standard = otherwise, .least = from, .most = to,     \
                         .range = #from " to " #to
#define ANSWER(f, otherwise) FIELD(IS_ANSWER, f), .standard = otherwise
#define MAYBE(f) FIELD(IS_MAYBE, f), .standard = SK_UNSET
#define WISH(f) FIELD(IS_WISH, f), .standard = SK_OFF
#define MAP(f, may_key, may, value)                                            \
    FIELD(IS_MAP, f), .check_key = may_key, .check = may,                      \
                      .slot = offsetof(struct sk_option_entry, value)

static const struct option options[] = {
    {"socket.bindto", TEXT(bindto, sk_option_bindto)},
    {"socket.backlog", NUMBER(backlog, -1, -1, INT_MAX)},
    {"socket.ipv6_v6only", ANSWER(ipv6_v6only, false)},
    {"socket.so_reuseaddr", MAYBE(so_reuseaddr)},
    {"socket.so_reuseport", ANSWER(so_reuseport, false)},
    {"socket.so_broadcast", ANSWER(so_broadcast, false)},
    {"socket.tcp_nodelay", ANSWER(tcp_nodelay, false)},
    {"socket.keepalive", ANSWER(keepalive, false)},
    {"socket.so_keepalive", ANSWER(keepalive, false)},
    {"socket.tcp_keepidle", NUMBER(tcp_keepidle, SK_UNSET, 1, 32767)},
    {"socket.tcp_keepintvl", NUMBER(tcp_keepintvl, SK_UNSET, 1, 32767)},
    {"socket.tcp_keepcnt", NUMBER(tcp_keepcnt, SK_UNSET, 1, 127)},
    {"socket.user_timeout", NUMBER(user_timeout, SK_UNSET, 0, INT_MAX)},
    {"socket.mptcp", WISH(mptcp)},
    {"socket.tfo", WISH(tfo)},
    {"socket.unix_mode", NUMBER(unix_mode, SK_UNSET, 0, 0777)},
    {"socket.unlink", ANSWER(unlink, false)},

    {"ssl.peer_name", TEXT(peer_name, sk_option_name)},
    {"ssl.verify_peer", MAYBE(verify_peer)},
    {"ssl.verify_peer_name", MAYBE(verify_peer_name)},
    {"ssl.allow_self_signed", ANSWER(allow_self_signed, false)},
    {"ssl.cafile", TEXT(cafile, sk_option_not_empty)},
    {"ssl.capath", TEXT(capath, sk_option_not_empty)},
    {"ssl.crlfile", TEXT(crlfile, sk_option_not_empty)},
    {"ssl.local_cert", TEXT(local_cert, sk_option_not_empty)},
    {"ssl.local_pk", TEXT(local_pk, sk_option_not_empty)},
    {"ssl.passphrase", TEXT(passphrase, NULL)},
    {"ssl.verify_depth", NUMBER(verify_depth, 9, 0, 100)},
    {"ssl.peer_fingerprint", TEXT(peer_fingerprint, sk_option_fingerprint),
     .hex = true},
    {"ssl.peer_fingerprint.",
     MAP(fingerprints, sk_option_digest, sk_option_hex, value), .hex = true},
    {"ssl.ciphers", TEXT(ciphers, sk_option_not_empty)},
    {"ssl.ciphersuites", TEXT(ciphersuites, sk_option_not_empty)},
    {"ssl.curves", TEXT(curves, sk_option_not_empty)},
    {"ssl.security_level", NUMBER(security_level, SK_UNSET, 0, 5)},
    {"ssl.crypto_method", FIELD(IS_METHOD, crypto_method)},
    {"ssl.min_proto_version", FIELD(IS_VERSION, min_proto_version)},
    {"ssl.max_proto_version", FIELD(IS_VERSION, max_proto_version)},
    {"ssl.alpn_protocols", TEXT(alpn_protocols, sk_option_protocols)},
    {"ssl.SNI_enabled", ANSWER(sni_enabled, true)},
    {"ssl.SNI_server_certs.",
     MAP(sni_server, sk_option_server_name, sk_option_not_empty, value)},
    {"ssl.SNI_server_keys.",
     MAP(sni_server, sk_option_server_name, sk_option_not_empty, value2)},
    {"ssl.honor_cipher_order", ANSWER(honor_cipher_order, true)},
    {"ssl.disable_compression", ANSWER(disable_compression, true)},
    {"ssl.no_ticket", ANSWER(no_ticket, false)},
    {"ssl.capture_peer_cert", ANSWER(capture_peer_cert, true)},
    {"ssl.capture_peer_cert_chain", ANSWER(capture_peer_cert_chain, true)},
};

/* ---- fields ---- */

static void *field_of(struct sk_options *o, const struct option *row)
{
    return (char *)o + row->at;
}

static void store(struct sk_options *o, const struct option *row, int value)
{
    void *field = field_of(o, row);

    if (row->field == IS_ANSWER)
        *(bool *)field = value;
    else if (row->field == IS_WISH)
        *(enum sk_wish *)field = (enum sk_wish)value;
    else
        *(int *)field = value;
}

static sk_err store_text(const struct option *row, char **at, const char *text)
{
    char *before = *at;
    char *copy   = NULL;

    if (text &&
        !(copy = row->hex ? sk_option_copy_hex(text) : sk_option_copy(text)))
        return ENOMEM;
    *at = copy; /* first: a child of a fork may come between */
    sk_option_forget(before);
    return 0;
}

/* ---- maps ---- */

static char **slot_of(struct sk_option_entry *e, const struct option *row)
{
    return (char **)(void *)((char *)e + row->slot);
}

static void free_entry(struct sk_option_entry *e)
{
    sk_option_forget(e->key);
    sk_option_forget(e->value);
    sk_option_forget(e->value2);
    free(e);
}

static struct sk_option_entry *new_entry(const char *key)
{
    struct sk_option_entry *e = calloc(1, sizeof *e);

    if (e && !(e->key = sk_option_copy_lower(key))) {
        free(e);
        e = NULL;
    }
    return e;
}

/* Where the entry of that key hangs, or where it would. */
static struct sk_option_entry **find_entry(struct sk_option_entry **list,
                                           const char              *key)
{
    while (*list && !sk_option_same(key, (*list)->key))
        list = &(*list)->next;
    return list;
}

/* Names and digests are the same in capitals; entries stand in the order in
 * which they were made. */
static sk_err store_entry(const struct option     *row,
                          struct sk_option_entry **list, const char *key,
                          const char *text)
{
    struct sk_option_entry **at = find_entry(list, key);
    struct sk_option_entry  *e  = *at;
    sk_err                   err;

    if (!e && !text)
        return 0;
    if (!e && !(e = new_entry(key)))
        return ENOMEM;
    err = store_text(row, slot_of(e, row), text);
    if (!e->value && !e->value2) { /* emptied, or new and not filled */
        *at = e->next;
        free_entry(e);
    } else {
        *at = e;
    }
    return err;
}

static void free_entries(struct sk_option_entry **list)
{
    struct sk_option_entry *e;

    while ((e = *list)) {
        *list = e->next;
        free_entry(e);
    }
}

/* ---- all of them ---- */

void sk_options_init(struct sk_options *o)
{
    memset(o, 0, sizeof *o);
    for (size_t i = 0; i < SK_COUNT(options); i++)
        if (options[i].field >= IS_WISH)
            store(o, &options[i], options[i].standard);
}

void sk_options_fini(struct sk_options *o)
{
    for (size_t i = 0; i < SK_COUNT(options); i++) {
        void *field = field_of(o, &options[i]);

        if (options[i].field == IS_TEXT)
            store_text(&options[i], field, NULL);
        else if (options[i].field == IS_MAP)
            free_entries(field);
    }
}

/* ---- setting ---- */

static sk_err refuse(const char **why, const char *because)
{
    *why = because;
    return EINVAL;
}

static sk_err set_wish(struct sk_options *o, const struct option *row,
                       const char *text, const char **why)
{
    static const char *const wishes[] = {
        [SK_OFF] = "off", [SK_TRY] = "try", [SK_REQUIRE] = "require"};

    for (int i = 0; i < (int)SK_COUNT(wishes); i++) {
        if (strcmp(text ? text : wishes[row->standard], wishes[i]))
            continue;
        store(o, row, i);
        return 0;
    }
    return refuse(why, "\"off\", \"try\" or \"require\"");
}

static sk_err set_text(struct sk_options *o, const struct option *row,
                       const char *key, const char *text, const char **why)
{
    if (row->check_key && (*why = row->check_key(key)))
        return EINVAL;
    if (text && row->check && (*why = row->check(text)))
        return EINVAL;
    if (row->field == IS_WISH)
        return set_wish(o, row, text, why);
    if (row->field == IS_MAP)
        return store_entry(row, field_of(o, row), key, text);
    return store_text(row, field_of(o, row), text);
}

bool sk_options_is_method(long number)
{
    long versions = number & ~(long)1;

    return versions && !(versions & ~(long)LIBSOCK_CRYPTO_ANY_SERVER);
}

static bool is_version(long number)
{
    return sk_options_is_method(number) && !(number & 1) &&
           !(number & (number - 1));
}

static sk_err set_number(struct sk_options *o, const struct option *row,
                         long number, const char **why)
{
    if (row->field == IS_METHOD && !sk_options_is_method(number))
        return refuse(why, "LIBSOCK_CRYPTO_..., or several");
    if (row->field == IS_VERSION && !is_version(number))
        return refuse(why, "LIBSOCK_CRYPTO_PROTO_...");
    if (row->field == IS_NUMBER && (number < row->least || number > row->most))
        return refuse(why, row->range);
    store(o, row, (int)number);
    return 0;
}

/* What is behind the dot of a map's name is the key. */
static const struct option *find(const char *name, const char **key)
{
    for (size_t i = 0; i < SK_COUNT(options); i++) {
        size_t len = strlen(options[i].name);
        bool   map = options[i].field == IS_MAP;

        if (map ? strncmp(name, options[i].name, len)
                : strcmp(name, options[i].name))
            continue;
        *key = name + len;
        return &options[i];
    }
    return NULL;
}

static enum sk_value_kind kind_of(const struct option *row)
{
    switch (row->field) {
    case IS_TEXT:
    case IS_MAP:
    case IS_WISH:
        return SK_TEXT;
    case IS_ANSWER:
    case IS_MAYBE:
        return SK_ANSWER;
    default:
        return SK_NUMBER;
    }
}

sk_err sk_options_set(struct sk_options *o, const char *name,
                      const struct sk_value *value, const char **why)
{
    static const char *const kinds[] = {[SK_TEXT]   = "it is a text",
                                        [SK_NUMBER] = "it is a number",
                                        [SK_ANSWER] = "it is yes or no"};
    const char              *key;
    const struct option     *row = find(name, &key);

    *why = NULL;
    if (!row)
        return refuse(
            why, "there is no such option; they begin with ssl. or socket.");
    if (kind_of(row) != value->kind)
        return refuse(why, kinds[kind_of(row)]);
    if (value->kind == SK_TEXT)
        return set_text(o, row, key, value->text, why);
    if (value->kind == SK_NUMBER)
        return set_number(o, row, value->number, why);
    store(o, row, value->answer);
    return 0;
}
