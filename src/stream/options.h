/* options.h - a context's options by name: their kinds, defaults and ranges.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_OPTIONS_H
#define SK_STREAM_OPTIONS_H

#include "stream/context.h"

/* What a caller may give an option. */
enum sk_value_kind { SK_TEXT, SK_NUMBER, SK_ANSWER };

struct sk_value {
    enum sk_value_kind kind;
    const char        *text; /* NULL: the default again */
    long               number;
    bool               answer;
};

/* Every option has its default. */
void sk_options_init(struct sk_options *o);

/* Free all texts; none is left in memory, for one is a passphrase. */
void sk_options_fini(struct sk_options *o);

/* Set the option of that name, or leave all as it was: EINVAL with *why, a
 * constant text; ENOMEM with *why NULL. */
sk_err sk_options_set(struct sk_options *o, const char *name,
                      const struct sk_value *value, const char **why);

/* Is it some of the versions of TLS, with or without the client's bit? */
bool sk_options_is_method(long number);

#endif
