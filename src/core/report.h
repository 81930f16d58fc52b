/* report.h - where a failure is remembered.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_REPORT_H
#define SK_CORE_REPORT_H

#include "base/err.h"
#include "core/state.h"

#include <sock/base.h>

#include <limits.h>

/* The port of an address that stands alone. */
#define SK_NO_PORT INT_MIN

/* What a call knows about its failure beyond the code. */
struct sk_scene {
    enum sk_verb verb;
    const char  *address; /* as the caller gave it; NULL: the socket's own */
    int          port;    /* or SK_NO_PORT */
    const char  *detail;  /* "192.0.2.1:80: Connection refused; ..." or NULL */
};

/* Remember that `code` befell `scene`, for this thread and, if it is not NULL,
 * for s, which the caller holds. */
void sk_report(sock_t *h, struct sk_sock *s, const struct sk_scene *scene,
               sk_err code);

#endif
