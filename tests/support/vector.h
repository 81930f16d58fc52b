/* vector.h - vectors of buffers, made and looked at in one line.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_VECTOR_H
#define TESTS_SUPPORT_VECTOR_H

#include "support/message.h"

/* A vector whose buffers are as long as the digits say. */
sock_iovec_t *vector(const char *lengths);

/* One of these three texts. */
sock_iovec_t *vector_of(const char *one, const char *two, const char *three);

/* Buffer `at` is exactly these bytes. */
void buffer_is(const sock_iovec_t *v, size_t at, const void *bytes, size_t len);

/* There are so many buffers. */
void has_buffers(const sock_iovec_t *v, size_t count);

#endif
