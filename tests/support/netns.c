/* netns.c - a network that belongs to the test program alone.
 *
 * Who is not the superuser becomes it in a user namespace of his own, for the
 * commands that build the network.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/netns.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

bool netns_run(const char *command)
{
    char line[512];
    int  status;

    snprintf(line, sizeof line, "(%s) >/dev/null 2>&1", command);
    status = system(line);
    return WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool put_line(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    bool  good;

    if (!file)
        return false;
    good = fputs(text, file) >= 0;
    return !fclose(file) && good;
}

static bool become_superuser(void)
{
    char user[32], group[32];

    snprintf(user, sizeof user, "0 %d 1", (int)geteuid());
    snprintf(group, sizeof group, "0 %d 1", (int)getegid());
    return !unshare(CLONE_NEWUSER) &&
           put_line("/proc/self/setgroups", "deny") &&
           put_line("/proc/self/uid_map", user) &&
           put_line("/proc/self/gid_map", group);
}

bool netns_enter(void)
{
    const char *missing = NULL;

    if (!netns_run("ip -V"))
        missing = "no ip(8)";
    else if ((geteuid() || unshare(CLONE_NEWNET)) &&
             (!become_superuser() || unshare(CLONE_NEWNET)))
        missing = "no network namespace may be made";
    else if (!netns_run("ip link set lo up"))
        missing = "no network in the namespace";
    if (missing)
        printf("SKIPPED: %s\n", missing);
    return !missing;
}
