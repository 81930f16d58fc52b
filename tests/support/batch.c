/* batch.c - many messages with a part of their own each.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/batch.h"

#include <stdio.h>
#include <string.h>

struct letter   letters[BATCH_MOST];
sock_message_t *batch[BATCH_MOST];

void batch_open(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        letter_open(&letters[i], 64);
        batch[i] = letters[i].m;
    }
}

void batch_close(size_t count)
{
    for (size_t i = 0; i < count; i++)
        letter_close(&letters[i]);
}

void batch_write(size_t count)
{
    char text[24];

    for (size_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%zu", i);
        letter_write(&letters[i], text);
    }
}

void batch_make_room(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct letter *l = &letters[i];

        memset(l->bytes, 0, sizeof l->bytes);
        l->part = (struct iovec){l->bytes, sizeof l->bytes};
        sock_message_set_parts(l->m, &l->part, 1);
    }
}

void batch_is(size_t first, size_t count)
{
    char text[24];

    for (size_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%zu", first + i);
        letter_is(&letters[i], text);
        assert_int_equal(sock_message_flags(batch[i]), 0);
    }
}
