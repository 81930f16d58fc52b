/* run.c - one work, once, by one engine, in a process of its own.
 *
 * A process of its own, because a library may leave threads, caches and
 * handlers behind that the next would pay for. What it measured comes back
 * through a page that both share. CPU time decides, not the time on the clock:
 * on a machine that does other things too, it is what repeats.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/run.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_S 60

/* Written by the one that works, read when it has ended; the port earlier. */
struct page {
    struct run run;
    double     wall_began;
    double     cpu_began;
    atomic_int port;
    bool       done; /* the work returned */
};

static struct page *page;
static cpu_set_t    allowed; /* before this process was pinned */
static int          chosen;

/* ---- clocks ---- */

static double read_clock(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double run_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void bench_begin(void)
{
    page->wall_began = run_now();
    page->cpu_began  = read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

void bench_end(void)
{
    page->run.cpu_ns += read_clock(CLOCK_PROCESS_CPUTIME_ID) - page->cpu_began;
    page->run.wall_ns += run_now() - page->wall_began;
}

void bench_took(double wall_ns, double cpu_ns)
{
    page->run.wall_ns += wall_ns;
    page->run.cpu_ns += cpu_ns;
}

/* ---- what an engine tells ---- */

bool bench_failed(const char *what)
{
    snprintf(page->run.why, sizeof page->run.why, "%s: %s", what,
             errno ? strerror(errno) : "failed");
    return false;
}

bool bench_cannot(const char *why)
{
    snprintf(page->run.why, sizeof page->run.why, "%s", why);
    page->run.cannot = true;
    return false;
}

void bench_listens(int port)
{
    atomic_store(&page->port, port);
}

/* ---- CPUs and descriptors ---- */

static bool pin(int cpu)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET((size_t)cpu, &one);
    return !sched_setaffinity(0, sizeof one, &one);
}

void bench_pin(size_t number)
{
    size_t wanted = number % (size_t)CPU_COUNT(&allowed);

    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET((size_t)cpu, &allowed) && wanted-- == 0) {
            pin(cpu);
            return;
        }
}

static int last_allowed(void)
{
    int cpu = CPU_SETSIZE - 1;

    while (cpu > 0 && !CPU_ISSET((size_t)cpu, &allowed))
        cpu--;
    return cpu;
}

int run_cpu(void)
{
    return chosen;
}

size_t run_descriptors(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    return (size_t)limit.rlim_cur;
}

bool run_set_up(int cpu)
{
    struct rlimit limit;

    if (sched_getaffinity(0, sizeof allowed, &allowed))
        return false;
    chosen = cpu < 0 ? last_allowed() : cpu;
    if (!pin(chosen))
        return false;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    /* What an engine's process leaves behind is waited for here. */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page != MAP_FAILED;
}

/* ---- processes ---- */

static void work_and_exit(work_fn *work, const struct job *job, pid_t parent)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    alarm(LONGEST_S);
    errno        = 0;
    page->run.ok = work(job);
    page->done   = true;
    _exit(0);
}

/* The port, once the server has one; 0 if it ended before that. */
static int await_port(pid_t server)
{
    const struct timespec pause = {0, 200000};
    siginfo_t             ended;
    int                   port = 0;

    for (int i = 0; i < 50000 && !(port = atomic_load(&page->port)); i++) {
        ended.si_pid = 0;
        if (waitid(P_PID, (id_t)server, &ended, WEXITED | WNOHANG | WNOWAIT) ||
            ended.si_pid)
            break;
        nanosleep(&pause, NULL);
    }
    return port;
}

static void serve_clients(pid_t server, const struct job *job)
{
    int         port = job->port ? job->port : await_port(server);
    const char *what;

    if (port) {
        errno = 0;
        what  = echo_clients(server, port, job, &page->run);
        if (what)
            bench_failed(what);
        page->run.ok = !what;
        page->done   = true;
    }
    kill(server, SIGKILL);
}

/* Until it has ended, and whatever it has left behind in its group. */
static void await_end(pid_t child)
{
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    kill(-child, SIGKILL);
    while (waitpid(-child, NULL, 0) > 0 || errno == EINTR)
        continue;
}

static double ops_of(enum work work, const struct job *job)
{
    return work == WORK_HOLD ? (double)job->count * (double)job->idle
                             : (double)job->count;
}

bool run_once(const struct engine *e, enum work work, const struct job *job,
              struct run *out)
{
    pid_t parent = getpid(), child;

    memset(page, 0, sizeof *page);
    page->run.ops = ops_of(work, job);
    fflush(NULL);
    child = fork();
    if (child == 0)
        work_and_exit(e->work[work], job, parent);
    if (child > 0 && work == WORK_ECHO)
        serve_clients(child, job);
    if (child > 0)
        await_end(child);
    *out    = page->run;
    out->ok = out->ok && page->done && out->cpu_ns > 0;
    if (!out->ok && !out->why[0])
        snprintf(out->why, sizeof out->why, "%s",
                 page->done ? "it failed" : "it died");
    return out->ok;
}

bool run_here(const struct engine *e, enum work work, const struct job *job,
              struct run *out)
{
    memset(page, 0, sizeof *page);
    out->ok = e->work[work](job);
    memcpy(out->why, page->run.why, sizeof out->why);
    return out->ok;
}
