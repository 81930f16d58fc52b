/* test_promises_local.c - proves the promises over AF_UNIX.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/promises.h"

int main(void)
{
    return promises_run(transports_local, transport_count_local);
}
