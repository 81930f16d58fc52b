/* test_handle_steps.c - proves that a signal handler may close a handle at any
 * instruction of a call on it: it stays closed, and nobody else's is touched.
 *
 * The processor stops behind each instruction and raises SIGTRAP; the handler
 * counts, and closes the handle at one of them. The call is made again and
 * again until each instruction has had its turn.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

/* Sanitizers hold signals back, and take far more instructions. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) &&                   \
    !defined(__SANITIZE_THREAD__)

#define TRAP_FLAG 0x100

/* Not optimized there are so many that a sample has to do. */
#ifdef __OPTIMIZE__
#define STRIDE 1
#else
#define STRIDE 11
#endif

#define STEP_BY_STEP(change)                                                   \
    __asm__ volatile("subq $256, %%rsp\n\tpushfq\n\t" change                   \
                     "\n\tpopfq\n\taddq $256, %%rsp" ::                        \
                         : "memory", "cc")

static sock_t       *victim, *listener, *fresh;
static volatile long steps, last_step;
static volatile bool was_closed;

/* The slot and the descriptor are another connection's at once. */
static void close_at_a_step(int number, siginfo_t *info, void *context)
{
    ucontext_t *c = context;

    (void)number;
    (void)info;
    if (steps++ != last_step)
        return;
    c->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    was_closed = sock_close(victim);
    fresh      = sock_accept(listener);
}

static sock_t *connect_one(void)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);

    assert_true(sock_connect(s, "127.0.0.1", port_of(listener)));
    return s;
}

static void read_a_line(void)
{
    char line[16];

    (void)!sock_read(victim, line, sizeof line, LIBSOCK_NORMAL_READ);
}

static void send_a_byte(void)
{
    (void)!sock_send(victim, "x", 1, 0);
}

static void look_at_it(void)
{
    (void)sock_fd(victim);
}

/* False when the call is over before the step. */
static bool close_within(void (*call)(void))
{
    sock_t *peer, *second;
    char    line[16];

    peer   = connect_one();
    victim = sock_accept(listener);
    second = connect_one();
    assert_true(sock_write_all(peer, "one\ntwo\n", 8, NULL));
    assert_true(sock_write_all(second, "secret\n", 7, NULL));
    assert_int_equal(sock_gets(victim, line, sizeof line), 4);
    steps      = 0;
    was_closed = false;
    fresh      = NULL;
    STEP_BY_STEP("orq $0x100, (%%rsp)");
    call();
    STEP_BY_STEP("andq $~0x100, (%%rsp)");
    if (was_closed) {
        assert_int_equal(sock_gets(victim, line, sizeof line), -1);
        assert_int_equal(sock_last_error(victim), EBADF);
        assert_int_equal(sock_gets(fresh, line, sizeof line), 7);
        sock_close(fresh);
    }
    assert_int_equal(sock_close(victim), !was_closed);
    sock_close(peer);
    sock_close(second);
    if (!was_closed)
        sock_close(sock_accept(listener));
    return was_closed;
}

static void a_handler_may_close_it_at_any_instruction(void **state)
{
    void (*const calls[])(void) = {read_a_line, send_a_byte, look_at_it};
    struct sigaction act        = {.sa_sigaction = close_at_a_step,
                                   .sa_flags     = SA_SIGINFO},
                     old;

    (void)state;
    listener = sock_create_listen(0, 8);
    sigaction(SIGTRAP, &act, &old);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        last_step = 0;
        while (close_within(calls[i]))
            last_step += STRIDE;
        assert_true(last_step > 30);
    }
    sigaction(SIGTRAP, &old, NULL);
    sock_close(listener);
}

#else

static void a_handler_may_close_it_at_any_instruction(void **state)
{
    (void)state;
    skip();
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handler_may_close_it_at_any_instruction),
    };

    return cmocka_run_group_tests_name("handle steps", tests, count_descriptors,
                                       compare_descriptors);
}
