/* own_hold.c - what it costs to enter a call and leave it, by one thread and by
 * many, each with a handle of its own.
 *
 * The other CPU is kept busy in either case: two CPUs may be threads of one
 * core, which slows both, whoever is there. So what is left is what the handles
 * of the threads share.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/own.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define MOST 16

struct caller {
    pthread_t thread;
    size_t    number;
    long      count;
    sock_t   *handle;
    double    cpu_ns;
    bool      ok;
};

static double thread_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* sock_fd() holds its handle, looks at a number and lets go. What is counted
 * stays in registers: the threads must not meet in a cache line of ours. */
static void *call(void *caller)
{
    struct caller *c      = caller;
    sock_t        *handle = c->handle;
    long           left   = c->count;
    double         begin;

    bench_pin(c->number);
    begin = thread_ns();
    while (left > 0 && sock_fd(handle) >= 0)
        left--;
    c->cpu_ns = thread_ns() - begin;
    c->ok     = left == 0;
    return NULL;
}

static atomic_bool over;

/* Like the calls, but with nothing of theirs. */
static void *spin(void *none)
{
    _Alignas(128) atomic_long word = 0;

    bench_pin(1);
    while (!atomic_load_explicit(&over, memory_order_relaxed))
        for (int i = 0; i < 1000; i++)
            atomic_fetch_add(&word, 1);
    return none;
}

static bool call_all(struct caller *callers, size_t count)
{
    bool ok = true;

    for (size_t i = 0; ok && i < count; i++)
        ok = !pthread_create(&callers[i].thread, NULL, call, &callers[i]);
    for (size_t i = 0; ok && i < count; i++)
        ok = !pthread_join(callers[i].thread, NULL) && callers[i].ok;
    return ok;
}

bool own_hold(const struct job *job)
{
    struct caller callers[MOST] = {{0}};
    size_t        count         = job->idle < MOST ? job->idle : MOST;
    pthread_t     other;
    double        cpu_ns = 0;
    bool          ok;

    for (size_t i = 0; i < count; i++) {
        callers[i].number = i;
        callers[i].count  = job->count;
        callers[i].handle = sock_create(AF_INET, SOCK_DGRAM, 0);
    }
    over = count > 1;
    if (pthread_create(&other, NULL, spin, NULL))
        return own_failed();
    ok   = call_all(callers, count);
    over = true;
    pthread_join(other, NULL);
    for (size_t i = 0; i < count; i++)
        cpu_ns += callers[i].cpu_ns;
    bench_took(cpu_ns / (double)count, cpu_ns);
    return ok || own_failed();
}
