/* vector.h - buffers that stand in a row: PHP 4's I/O vector.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_VECTOR_H
#define SK_CORE_VECTOR_H

#include "base/common.h"

#include <sock/message.h>

#include <sys/uio.h>

struct sock_iovec {
    struct iovec *parts; /* each has memory of its own, also one of length 0 */
    size_t        count; /* parts in use */
    size_t        room;  /* parts that fit */
    size_t        total; /* bytes of all parts: at most SSIZE_MAX */
};

#endif
