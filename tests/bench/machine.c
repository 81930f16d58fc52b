/* machine.c - where it was measured.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/report.h"

#include <sock/sock.h>

#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static void learn_cpu(char *text, size_t size)
{
    FILE *f = fopen("/proc/cpuinfo", "r");
    char  line[256], *value;

    snprintf(text, size, "unknown CPU");
    while (f && fgets(line, sizeof line, f)) {
        value = strstr(line, ": ");
        if (strncmp(line, "model name", 10) == 0 && value) {
            value[strcspn(value, "\n")] = '\0';
            snprintf(text, size, "%.100s", value + 2);
            break;
        }
    }
    if (f)
        fclose(f);
}

void machine_learn(struct machine *m)
{
    struct utsname system;
    time_t         now = time(NULL);
    struct tm      utc;

    memset(m, 0, sizeof *m);
    learn_cpu(m->cpu, sizeof m->cpu);
    if (!uname(&system))
        snprintf(m->kernel, sizeof m->kernel, "%.20s %.60s %.20s",
                 system.sysname, system.release, system.machine);
    if (gmtime_r(&now, &utc))
        strftime(m->date, sizeof m->date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    m->cpus     = sysconf(_SC_NPROCESSORS_ONLN);
    m->compiler = BENCH_COMPILER;
    m->build    = BENCH_BUILD;
    m->libsock  = sock_version();
    m->openssl  = BENCH_OPENSSL;
}
