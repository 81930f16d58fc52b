/* vector.c - vectors of buffers, made and looked at in one line.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/vector.h"

#include <stdint.h>
#include <string.h>

sock_iovec_t *vector(const char *lengths)
{
    size_t        sizes[16] = {0}, count = strlen(lengths);
    sock_iovec_t *v;

    for (size_t i = 0; i < count; i++)
        sizes[i] = (size_t)(lengths[i] - '0');
    v = sock_iovec_alloc(count, sizes);
    assert_non_null(v);
    return v;
}

void buffer_is(const sock_iovec_t *v, size_t at, const void *bytes, size_t len)
{
    size_t      has = SIZE_MAX;
    const void *buf = sock_iovec_fetch(v, at, &has);

    assert_non_null(buf);
    assert_int_equal(has, len);
    assert_memory_equal(buf, bytes, len);
}

void has_buffers(const sock_iovec_t *v, size_t count)
{
    if (count)
        assert_non_null(sock_iovec_fetch(v, count - 1, NULL));
    assert_refused(sock_iovec_fetch(v, count, NULL), EINVAL);
}

sock_iovec_t *vector_of(const char *one, const char *two, const char *three)
{
    sock_iovec_t *v = vector("000");

    assert_true(sock_iovec_set(v, 0, one, strlen(one)));
    assert_true(sock_iovec_set(v, 1, two, strlen(two)));
    assert_true(sock_iovec_set(v, 2, three, strlen(three)));
    return v;
}
