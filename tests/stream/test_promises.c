/* test_promises.c - proves the promises over every transport that is not
 * encrypted.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/promises.h"

int main(void)
{
    return promises_run(transports, transport_count);
}
