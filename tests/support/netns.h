/* netns.h - a network that belongs to the test program alone.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_NETNS_H
#define TESTS_SUPPORT_NETNS_H

#include <stdbool.h>

/* Leave the machine's network for an empty one of this thread's; only lo is
 * there, and up. False, and told aloud, if that cannot be had here. */
bool netns_enter(void);

/* Run a command of the shell, silently: did it succeed? */
bool netns_run(const char *command);

#endif
