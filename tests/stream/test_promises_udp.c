/* test_promises_udp.c - proves the promises over UDP.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/promises.h"

int main(void)
{
    return promises_run(transports_udp, transport_count_udp);
}
