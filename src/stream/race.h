/* race.h - connecting by name: both families looked up, their addresses raced,
 * as RFC 8305 describes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_RACE_H
#define SK_STREAM_RACE_H

#include "core/state.h"
#include "stream/context.h"

struct sk_race {
    const char              *host; /* a name, or an address of either family */
    int                      port;
    int                      type; /* SOCK_STREAM or SOCK_DGRAM */
    const struct sk_options *options;
    int64_t                  until; /* SK_NEVER: none */
    bool                     async; /* connecting is enough */
};

/* *out is a connected socket (of an async race perhaps one that connects), to
 * be published or discarded, with its peer known. `detail`, of `size` bytes,
 * tells how each address ended if several were tried, else "". ETIMEDOUT,
 * LIBSOCK_EAI_..., the last address's reason. */
sk_err sk_race_run(const struct sk_race *r, struct sk_sock **out, char *detail,
                   size_t size);

#endif
