/* option_text.c - what the texts of options may be.
 *
 * Refused is what could never work, whatever the peer, the files or the
 * installed OpenSSL: those have their say when the context is first used.
 * Characters are compared as ASCII, whatever the locale.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/option_text.h"

#include "stream/fit.h"

#include <string.h>

#define PROTOCOL_MAX 255      /* bytes of one, RFC 7301 */
#define PROTOCOLS_MAX 65534   /* bytes of all, each with its length */
#define DIGEST_DIGITS_MAX 128 /* SHA-512's */
#define DIGEST_NAME_MAX 32

static const char EMPTY[] = "it is empty";

const char *sk_option_not_empty(const char *text)
{
    return *text ? NULL : EMPTY;
}

const char *sk_option_bindto(const char *text)
{
    struct sk_addr at;
    const char    *why = NULL;
    sk_err         err = sk_fit_bindto(text, AF_UNSPEC, &at, &why);

    /* An interface may come later than its option. */
    return err && err != ENODEV ? why : NULL;
}

/* ---- names ---- */

/* A space or a control character? Bytes of other scripts are neither. */
static bool is_blank(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

static bool has_blank(const char *text)
{
    while (*text && !is_blank(*text))
        text++;
    return *text;
}

const char *sk_option_name(const char *text)
{
    if (!*text)
        return EMPTY;
    if (strlen(text) > SK_OPTION_NAME_MAX)
        return "a name has at most 255 bytes";
    return has_blank(text) ? "a name has no spaces or control characters"
                           : NULL;
}

const char *sk_option_server_name(const char *text)
{
    const char *why = sk_option_name(text);

    if (why)
        return why;
    if (text[0] == '*' && text[1] == '.' && text[2])
        text += 2;
    return strchr(text, '*') ? "a * stands for the whole first label" : NULL;
}

const char *sk_option_protocols(const char *text)
{
    size_t len;

    if (strlen(text) > PROTOCOLS_MAX)
        return "these are too many protocols";
    if (has_blank(text))
        return "protocols are parted by commas alone";
    for (;; text += len + 1) {
        len = strcspn(text, ",");
        if (!len)
            return "a protocol is empty";
        if (len > PROTOCOL_MAX)
            return "a protocol has at most 255 bytes";
        if (!text[len])
            return NULL;
    }
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool sk_option_same(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

/* ---- fingerprints ---- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
}

/* How many digits; 0 if it is not hex, with colons at most between bytes. */
static size_t hex_digits(const char *text)
{
    size_t count = 0;

    for (; is_hex(text[0]) && is_hex(text[1]); count += 2) {
        text += 2;
        if (text[0] == ':' && is_hex(text[1]))
            text++;
    }
    return *text ? 0 : count;
}

const char *sk_option_fingerprint(const char *text)
{
    switch (hex_digits(text)) {
    case 32:
    case 40:
    case 64:
        return NULL;
    default:
        return "it is not 32, 40 or 64 hex digits";
    }
}

const char *sk_option_hex(const char *text)
{
    size_t digits = hex_digits(text);

    return digits && digits <= DIGEST_DIGITS_MAX ? NULL
                                                 : "it is not bytes in hex";
}

const char *sk_option_digest(const char *text)
{
    size_t len = strlen(text);

    for (const char *p = text; *p; p++)
        if (!(*p >= '0' && *p <= '9') && *p != '-' &&
            !(lower(*p) >= 'a' && lower(*p) <= 'z'))
            len = 0;
    return len && len <= DIGEST_NAME_MAX ? NULL : "that names no digest";
}

/* ---- copies ---- */

char *sk_option_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char  *copy = malloc(size);

    return copy ? memcpy(copy, text, size) : NULL;
}

/* In lower case, and without those that are `dropped`. */
static char *copy_without(const char *text, char dropped)
{
    char *copy = malloc(strlen(text) + 1);
    char *to   = copy;

    if (!copy)
        return NULL;
    for (; *text; text++)
        if (*text != dropped)
            *to++ = lower(*text);
    *to = '\0';
    return copy;
}

char *sk_option_copy_lower(const char *text)
{
    return copy_without(text, '\0');
}

char *sk_option_copy_hex(const char *text)
{
    return copy_without(text, ':');
}

/* A plain memset() before a free may be left out by the compiler. */
void sk_option_forget(char *text)
{
    if (!text)
        return;
    for (volatile char *p = text; *p; p++)
        *p = '\0';
    free(text);
}
