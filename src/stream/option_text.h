/* option_text.h - what the texts of options may be.
 *
 * Each check returns NULL if it has nothing to say against the text, else a
 * constant: why it may not be.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_OPTION_TEXT_H
#define SK_STREAM_OPTION_TEXT_H

#include "base/common.h"

/* A host name, such as a key of a map, has at most this many bytes. */
#define SK_OPTION_NAME_MAX 255

typedef const char *sk_option_check(const char *text);

sk_option_check sk_option_not_empty;
sk_option_check sk_option_bindto;
sk_option_check sk_option_name;        /* ssl.peer_name */
sk_option_check sk_option_server_name; /* perhaps "*.example.com" */
sk_option_check sk_option_protocols;   /* "h2,http/1.1" */
sk_option_check sk_option_fingerprint; /* by its length: MD5, SHA-1, SHA-256 */
sk_option_check sk_option_digest;      /* "sha256" */
sk_option_check sk_option_hex;         /* a fingerprint of any digest */

/* The same, but for capitals? */
bool sk_option_same(const char *a, const char *b);

/* A copy; NULL: out of memory. */
char *sk_option_copy(const char *text);
char *sk_option_copy_lower(const char *text);

/* A copy in lower case and without its colons; NULL: out of memory. */
char *sk_option_copy_hex(const char *text);

/* A text's copy goes, and none of it stays in memory; NULL is fine. */
void sk_option_forget(char *text);

#endif
