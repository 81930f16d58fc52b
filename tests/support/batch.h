/* batch.h - many messages with a part of their own each.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_BATCH_H
#define TESTS_SUPPORT_BATCH_H

#include "support/message.h"

#define BATCH_MOST 200

/* The messages, and the same as the calls want them. */
extern struct letter   letters[BATCH_MOST];
extern sock_message_t *batch[BATCH_MOST];

/* With room for some descriptors each, or for the address that was asked. */
void batch_open(size_t count);
void batch_close(size_t count);

/* The nth says "n". */
void batch_write(size_t count);

/* Each receives into the whole of its part. */
void batch_make_room(size_t count);

/* What was received is what batch_write() wrote, from `first` on. */
void batch_is(size_t first, size_t count);

#endif
