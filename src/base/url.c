/* url.c - the text of a stream's URL.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/url.h"

#include <errno.h>

const char *const sk_url_transports[] = {"tcp", NULL};

sk_err sk_url_parse(const char *text, struct sk_url *out,
                    struct sk_url_error *wrong)
{
    (void)text;
    (void)out;
    (void)wrong;
    return EINVAL;
}

sk_err sk_url_parse_name(const char *text, struct sk_url *out,
                         struct sk_url_error *wrong)
{
    (void)text;
    (void)out;
    (void)wrong;
    return EINVAL;
}
