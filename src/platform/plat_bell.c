/* plat_bell.c - ending a wait from outside, with Linux's eventfd.
 *
 * SPDX-License-Identifier: MIT
 */
#include "platform/plat.h"

#include <unistd.h>

#include <sys/eventfd.h>

sk_err sk_plat_bell(int *fd)
{
    *fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return *fd < 0 ? errno : 0;
}

/* It fails only if it was rung very often: it rings, then. */
void sk_plat_ring(int fd)
{
    const uint64_t one  = 1;
    int            kept = errno;
    ssize_t        n    = write(fd, &one, sizeof one);

    (void)n;
    errno = kept;
}

void sk_plat_muffle(int fd)
{
    uint64_t count;
    ssize_t  n = read(fd, &count, sizeof count);

    (void)n;
}
