/* test_calls_cost.c - proves that the calls every program lives on allocate
 * nothing and take no lock.
 *
 * The program's own malloc() and pthread_mutex_lock() count; a sanitizer has
 * such functions itself, so there these tests are skipped.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OURS 0
#else
#define OURS 1
#endif

static size_t allocations, locks;

#if OURS
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    allocations++;
    return __libc_realloc(old, size);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    static int (*next)(pthread_mutex_t *);

    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    locks++;
    return next(mutex);
}
#endif

static sock_t *tcp[2], *udp[2];
static int     udp_port;
static char    bytes[64];

/* ---- the calls ---- */

static bool call_send(void)
{
    return sock_send(tcp[0], "x", 1, 0) == 1;
}

static bool call_recv(void)
{
    return sock_recv(tcp[1], bytes, 1, 0) == 1;
}

static bool call_write(void)
{
    return sock_write(tcp[0], "one\ntwo\rthree\n", 14) == 14;
}

static bool call_gets(void)
{
    return sock_gets(tcp[1], bytes, sizeof bytes) == 4;
}

static bool call_read_line(void)
{
    return sock_read(tcp[1], bytes, sizeof bytes, LIBSOCK_NORMAL_READ) == 4;
}

static bool call_read(void)
{
    return sock_read(tcp[1], bytes, 6, LIBSOCK_BINARY_READ) == 6;
}

static bool call_write_all(void)
{
    return sock_write_all(tcp[0], "x", 1, NULL);
}

static bool call_sendto(void)
{
    return sock_sendto(udp[0], "x", 1, 0, "127.0.0.1", udp_port) == 1;
}

static bool call_recvfrom(void)
{
    char address[LIBSOCK_ADDRSTRLEN];
    int  port;

    return sock_recvfrom(udp[1], bytes, sizeof bytes, 0, address,
                         sizeof address, &port) == 1;
}

static bool call_refused(void)
{
    return sock_recv(tcp[0], bytes, 1, MSG_DONTWAIT) == -1;
}

/* In this order: what one sends the next receives. */
static const struct row {
    const char *name;
    bool (*call)(void);
} rows[] = {
    {"send", call_send},
    {"recv", call_recv},
    {"write", call_write},
    {"gets", call_gets},
    {"read a line", call_read_line},
    {"read", call_read},
    {"write_all", call_write_all},
    {"recv", call_recv},
    {"sendto", call_sendto},
    {"recvfrom", call_recvfrom},
    {"recv that is refused", call_refused},
};

static int open_all(void **state)
{
    (void)state;
    tcp_pair(tcp);
    udp_pair(udp);
    udp_port = port_of(udp[1]);
    for (size_t i = 0; i < COUNT(rows); i++) /* the first line's buffer */
        if (!rows[i].call())
            return 1;
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    close_pair(tcp);
    close_pair(udp);
    return 0;
}

static void none_is_counted(size_t *counter)
{
    if (!OURS)
        skip_aloud("a sanitizer has these functions");
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t before = *counter;
        bool   done   = rows[i].call();

        if (!done || *counter != before)
            fail_msg("%s: %zu more", rows[i].name, *counter - before);
    }
}

static void no_call_allocates(void **state)
{
    (void)state;
    none_is_counted(&allocations);
}

static void no_call_takes_a_lock(void **state)
{
    (void)state;
    none_is_counted(&locks);
}

static void an_allocation_and_a_lock_would_be_noticed(void **state)
{
    sock_context_t *c;
    size_t          before[] = {allocations, locks};

    (void)state;
    if (!OURS)
        skip_aloud("a sanitizer has these functions");
    assert_non_null(c = sock_context_create());
    assert_true(sock_set_timeout(tcp[0], -1));
    assert_true(allocations > before[0]);
    assert_true(locks > before[1]);
    sock_context_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_call_allocates),
        cmocka_unit_test(no_call_takes_a_lock),
        cmocka_unit_test(an_allocation_and_a_lock_would_be_noticed),
    };

    return cmocka_run_group_tests_name("calls_cost", tests, open_all,
                                       close_all);
}
