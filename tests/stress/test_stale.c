/* test_stale.c - proves that a stale handle never reaches a newer socket,
 * whatever other threads open and close meanwhile.
 *
 * STRESS_SCALE divides the counts, for slow builds.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"

#include <pthread.h>
#include <stdatomic.h>

#if !defined(STRESS_SCALE) && defined(__SANITIZE_THREAD__)
#define STRESS_SCALE 4
#elif !defined(STRESS_SCALE)
#define STRESS_SCALE 1
#endif

enum { THREADS = 4, SHARED = 8 };

/* Each socket's only bytes are its own handle. All handles stand in a table
 * that everybody uses, long after they are closed: whatever a handle reaches
 * must be of that name. */
static _Atomic(sock_t *) shared[THREADS][SHARED];
static _Atomic long      wrong, reached;

static void use(unsigned owner, unsigned slot)
{
    sock_t   *s    = shared[owner % THREADS][slot % SHARED];
    uintptr_t name = 0;
    ssize_t   n;

    if (!s)
        return;
    n = sock_recv(s, &name, sizeof name, MSG_DONTWAIT | MSG_PEEK);
    if (n > 0 && (n != sizeof name || name != (uintptr_t)s))
        wrong++;
    reached += n > 0;
    sock_set_timeout(s, -1);
    sock_getsockname(s, NULL, 0, NULL);
}

static void *churn(void *arg)
{
    unsigned me   = (unsigned)(uintptr_t)arg;
    unsigned seed = me + 1;

    for (unsigned i = 0; i < 100000 / STRESS_SCALE; i++) {
        sock_t   *pair[2];
        uintptr_t name;

        if (!sock_create_pair(AF_UNIX, SOCK_STREAM, 0, pair)) {
            wrong++;
            break;
        }
        name = (uintptr_t)pair[0];
        if (!sock_write_all(pair[1], &name, sizeof name, NULL))
            wrong++;
        shared[me][i % SHARED] = pair[0];
        seed                   = seed * 1103515245 + 12345;
        use(seed >> 16, seed >> 8);
        if (!sock_close(pair[0]) || sock_close(pair[0]))
            wrong++;
        use(seed >> 20, seed >> 12);
        sock_close(pair[1]);
    }
    return NULL;
}

static void a_stale_handle_never_reaches_a_newer_socket(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, churn, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
    assert_true(reached > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stale_handle_never_reaches_a_newer_socket),
    };

    return cmocka_run_group_tests_name("stale", tests, count_descriptors,
                                       compare_descriptors);
}
