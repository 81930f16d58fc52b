/* test_promises.c - proves the promises over TCP.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/promises.h"

int main(void)
{
    return promises_run(transports_tcp, transport_count_tcp);
}
