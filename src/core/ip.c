/* ip.c - IP addresses as text and back, by hand.
 *
 * Datagram programs do it for every packet, and the system's routines are
 * several times slower. Rejected: to remember the last address and its text. A
 * server's next datagram comes from somebody else, and whoever remembers must
 * ask which thread it is.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/ip.h"

#include <arpa/inet.h>
#include <string.h>

#define NO_GAP 17u

/* ---- from text ---- */

/* One number of a dotted quad, without leading zeros; NULL if it is none. */
static inline const char *octet(const char *p, uint32_t *value)
{
    uint32_t n = (uint32_t)(unsigned char)*p - '0', digit;

    if (n > 9)
        return NULL;
    *value = n;
    digit  = (uint32_t)(unsigned char)*++p - '0';
    if (digit > 9)
        return p;
    if (!n)
        return NULL;
    *value = n = n * 10 + digit;
    digit      = (uint32_t)(unsigned char)*++p - '0';
    if (digit > 9)
        return p;
    *value = n = n * 10 + digit;
    return n > 255 ? NULL : p + 1;
}

const char *sk_ip4_parse(const char *text, struct in_addr *out)
{
    uint32_t all, one;

    if (!(text = octet(text, &all)))
        return NULL;
    for (int i = 0; i < 3; i++) {
        if (*text != '.' || !(text = octet(text + 1, &one)))
            return NULL;
        all = all << 8 | one;
    }
    out->s_addr = htonl(all);
    return *text >= '0' && *text <= '9' ? NULL : text;
}

static inline unsigned hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* One to four hexadecimal digits; NULL if there are none, or more. */
static const char *group(const char *p, unsigned *value)
{
    const char *from = p;
    unsigned    n    = 0, digit;

    while ((digit = hex_digit(*p)) < 16 && p - from < 5) {
        n = n << 4 | digit;
        p++;
    }
    *value = n;
    return p > from && p - from < 5 ? p : NULL;
}

/* Zeros between the first `gap` of n bytes and those behind. */
static bool widen(unsigned char *bytes, size_t n, size_t gap)
{
    if (gap == NO_GAP)
        return n == 16;
    if (n > 14)
        return false;
    memmove(bytes + 16 - (n - gap), bytes + gap, n - gap);
    memset(bytes + gap, 0, 16 - n);
    return true;
}

/* A dotted quad in the place of the last two groups. */
static const char *quad(const char *p, unsigned char *bytes, size_t n)
{
    struct in_addr in;

    if (n > 12 || !(p = sk_ip4_parse(p, &in)))
        return NULL;
    memcpy(bytes + n, &in, sizeof in);
    return p;
}

const char *sk_ip6_parse(const char *p, struct in6_addr *out)
{
    unsigned char *bytes = out->s6_addr;
    size_t         n = 0, gap = NO_GAP;
    const char    *next;
    unsigned       value;

    for (;;) {
        if (gap == NO_GAP && p[0] == ':' && p[1] == ':') {
            gap = n;
            p += 2;
            if (hex_digit(*p) > 15)
                break;
        } else if (n && *p++ != ':') {
            p--;
            break;
        }
        if (n > 14 || !(next = group(p, &value)))
            return NULL;
        if (*next == '.')
            return (p = quad(p, bytes, n)) && widen(bytes, n + 4, gap) ? p
                                                                       : NULL;
        bytes[n++] = (unsigned char)(value >> 8);
        bytes[n++] = (unsigned char)value;
        p          = next;
    }
    return widen(bytes, n, gap) && *p != ':' ? p : NULL;
}

/* ---- to text ---- */

static inline char *print_octet(char *p, unsigned value)
{
    if (value >= 100) {
        *p++ = (char)('0' + value / 100);
        value %= 100;
        *p++ = (char)('0' + value / 10);
        value %= 10;
    } else if (value >= 10) {
        *p++ = (char)('0' + value / 10);
        value %= 10;
    }
    *p++ = (char)('0' + value);
    return p;
}

char *sk_ip4_print(const struct in_addr *a, char *text)
{
    uint32_t all = ntohl(a->s_addr);

    text    = print_octet(text, all >> 24);
    *text++ = '.';
    text    = print_octet(text, all >> 16 & 0xff);
    *text++ = '.';
    text    = print_octet(text, all >> 8 & 0xff);
    *text++ = '.';
    text    = print_octet(text, all & 0xff);
    *text   = '\0';
    return text;
}

static char *print_group(char *p, unsigned value)
{
    static const char digits[] = "0123456789abcdef";

    if (value > 0xfff)
        *p++ = digits[value >> 12];
    if (value > 0xff)
        *p++ = digits[value >> 8 & 15];
    if (value > 0xf)
        *p++ = digits[value >> 4 & 15];
    *p++ = digits[value & 15];
    return p;
}

/* The first of the longest runs of at least two groups that are zero. */
struct run {
    int at, count;
};

static struct run longest_run(const unsigned *groups)
{
    struct run best = {-1, 1};
    int        end;

    for (int i = 0; i < 8; i = end + 1) {
        for (end = i; end < 8 && !groups[end];)
            end++;
        if (end - i > best.count)
            best = (struct run){i, end - i};
    }
    return best;
}

/* Are the last two groups an IPv4 address? "::1" and "::" are none. */
static bool has_quad(const unsigned *groups, struct run zeros)
{
    return !zeros.at &&
           (zeros.count == 6 || (zeros.count == 5 && groups[5] == 0xffff));
}

char *sk_ip6_print(const struct in6_addr *a, char *p)
{
    unsigned       groups[8];
    struct in_addr last;
    struct run     zeros;
    int            count = 8;

    for (int i = 0; i < 8; i++)
        groups[i] = (unsigned)a->s6_addr[2 * i] << 8 | a->s6_addr[2 * i + 1];
    zeros = longest_run(groups);
    if (has_quad(groups, zeros))
        count = 6;
    for (int i = 0; i < count; i++) {
        if (i == zeros.at) {
            *p++ = ':';
            i += zeros.count - 1;
            if (i == 7)
                *p++ = ':';
            continue;
        }
        if (i)
            *p++ = ':';
        p = print_group(p, groups[i]);
    }
    if (count == 6) {
        *p++ = ':';
        memcpy(&last, &a->s6_addr[12], sizeof last);
        return sk_ip4_print(&last, p);
    }
    *p = '\0';
    return p;
}
