/* fuzz.h - what a fuzz target is: a function that takes any bytes and aborts if
 * a promise is broken.
 *
 * Built with -DPLANT it also aborts on an input that is not in its corpus but
 * near it: what does not find that bug would find no other.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The name is libFuzzer's. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
