/* memory.c - a process that runs out of memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/memory.h"
#include "support/net.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static struct rlimit before;

static size_t address_space(void)
{
    unsigned long pages = 0;
    FILE         *f     = fopen("/proc/self/statm", "r");

    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lu", &pages), 1);
    fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

void memory_limit(size_t more)
{
    struct rlimit less;

    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    less          = before;
    less.rlim_cur = address_space() + more;
    assert_int_equal(setrlimit(RLIMIT_AS, &less), 0);
}

void memory_unlimit(void)
{
    setrlimit(RLIMIT_AS, &before);
}
