/* tls_none.c - a libsock without TLS.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/tls.h"

void sk_tls_forget(struct sk_tls_made *made)
{
    (void)made;
}
