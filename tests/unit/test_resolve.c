/* test_resolve.c - proves that names are looked up off the caller's thread,
 * within its time, and that every address is tried. A made-up resolver stands
 * in for the system's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/resolve.h"
#include "core/wait.h"

#include "support/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* The made-up resolver: answers `answers`, but while `shut` it waits. */
static pthread_mutex_t    lock   = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t     opened = PTHREAD_COND_INITIALIZER;
static bool               shut;
static int                inside, most_inside, released;
static int                result;
static const char *const *answers;
static bool               signals_blocked;

static void append(struct addrinfo **out, const char *text)
{
    struct addrinfo    *a  = calloc(1, sizeof *a);
    struct sockaddr_in *to = calloc(1, sizeof *to);

    to->sin_family = AF_INET;
    inet_pton(AF_INET, text, &to->sin_addr);
    a->ai_addr    = (struct sockaddr *)to;
    a->ai_addrlen = *text ? sizeof *to : sizeof(struct sk_addr) + 1;
    while (*out)
        out = &(*out)->ai_next;
    *out = a;
}

static int fake(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **out)
{
    sigset_t now;
    int      answer;

    (void)name;
    (void)service;
    (void)hints;
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    pthread_mutex_lock(&lock);
    signals_blocked = sigismember(&now, SIGTERM) && sigismember(&now, SIGINT);
    if (++inside > most_inside)
        most_inside = inside;
    pthread_cond_broadcast(&opened);
    while (shut)
        pthread_cond_wait(&opened, &lock);
    inside--;
    answer = result;
    *out   = NULL;
    for (size_t i = 0; !result && answers[i]; i++)
        append(out, answers[i]);
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&lock);
    return answer;
}

static void give_back(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;

        free(list->ai_addr);
        free(list);
        list = next;
    }
    pthread_mutex_lock(&lock);
    released++;
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&lock);
}

static void set_shut(bool now)
{
    pthread_mutex_lock(&lock);
    shut = now;
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&lock);
}

static void wait_until_inside(int count)
{
    pthread_mutex_lock(&lock);
    while (inside != count)
        pthread_cond_wait(&opened, &lock);
    pthread_mutex_unlock(&lock);
}

static bool is_inside(void)
{
    bool is;

    pthread_mutex_lock(&lock);
    is = inside > 0;
    pthread_mutex_unlock(&lock);
    return is;
}

static int set_up(void **state)
{
    static const char *const here[] = {"127.0.0.1", NULL};

    (void)state;
    pthread_mutex_lock(&lock);
    answers     = here;
    result      = 0;
    most_inside = released = 0;
    pthread_mutex_unlock(&lock);
    sk_resolve_use(fake, give_back);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    set_shut(false);
    wait_until_inside(0);
    sk_resolve_use(NULL, NULL);
    return 0;
}

static int listen_here(sock_t **server)
{
    int port = 0;

    *server = sock_create_listen(0, 50);
    assert_true(sock_getsockname(*server, NULL, 0, &port));
    return port;
}

static void a_name_is_looked_up_with_signals_blocked(void **state)
{
    sock_t *server;
    int     port = listen_here(&server);
    sock_t *s    = sock_create(AF_INET, SOCK_STREAM, 0);

    (void)state;
    assert_true(sock_connect(s, "anything.example", port));
    assert_true(signals_blocked);
    sock_close(s);
    sock_close(server);
}

static void every_address_is_tried_and_told_of(void **state)
{
    static const char *const two[]  = {"127.0.0.2", "127.0.0.3", NULL};
    sock_t                  *holder = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t                  *s      = sock_create(AF_INET, SOCK_STREAM, 0);
    const char              *text;
    int                      port;

    (void)state;
    answers = two;
    assert_true(sock_bind(holder, "127.0.0.1", 0));
    assert_true(sock_getsockname(holder, NULL, 0, &port));
    assert_false(sock_connect(s, "two.example", port));
    assert_int_equal(sock_last_error(s), ECONNREFUSED);
    text = sock_last_message(s);
    assert_non_null(strstr(text, "connect two.example:"));
    assert_non_null(strstr(text, "127.0.0.2:"));
    assert_non_null(strstr(text, "127.0.0.3:"));
    assert_true(strlen(text) < LIBSOCK_MESSAGE_MAX);
    sock_close(s);
    sock_close(holder);
}

static void an_answer_without_a_usable_address_is_none(void **state)
{
    static const char *const strange[] = {"", NULL};
    sock_t                  *s         = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    answers = strange;
    assert_false(sock_connect(s, "strange.example", 80));
    assert_int_equal(sock_last_error(s), LIBSOCK_EAI_NODATA);
    assert_int_equal(sock_sendto(s, "x", 1, 0, "strange.example", 80), -1);
    assert_int_equal(sock_last_error(s), LIBSOCK_EAI_NODATA);
    sock_close(s);
}

static void the_second_address_serves_if_the_first_refuses(void **state)
{
    static const char *const two[]  = {"127.0.0.2", "127.0.0.1", NULL};
    sock_t                  *server = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t                  *s      = sock_create(AF_INET, SOCK_STREAM, 0);
    char                     peer[LIBSOCK_ADDRSTRLEN];
    int                      port;

    (void)state;
    answers = two;
    assert_true(sock_bind(server, "127.0.0.1", 0));
    assert_true(sock_listen(server, 1));
    assert_true(sock_getsockname(server, NULL, 0, &port));
    assert_true(sock_connect(s, "two.example", port));
    assert_true(sock_getpeername(s, peer, sizeof peer, NULL));
    assert_string_equal(peer, "127.0.0.1");
    sock_close(s);
    sock_close(server);
}

static void a_look_up_ends_with_the_time_of_its_call(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);
    int64_t before;

    (void)state;
    set_shut(true);
    sock_set_timeout(s, 50);
    before = sk_plat_now();
    assert_false(sock_connect(s, "silent.example", 80));
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    assert_true(sk_plat_now() - before < 300 * (int64_t)1000000);
    sock_close(s);
}

struct closer {
    sock_t *s;
    int     asker; /* the thread that waits for the look-up */
};

static void *close_it(void *arg)
{
    struct closer *c = arg;

    wait_until_inside(1);
    wait_until_asleep(c->asker);
    sock_close(c->s);
    return NULL;
}

static void a_look_up_ends_when_its_socket_is_closed(void **state)
{
    sock_t       *s = sock_create(AF_INET, SOCK_STREAM, 0);
    struct closer c = {s, gettid()};
    pthread_t     closer;

    (void)state;
    set_shut(true);
    pthread_create(&closer, NULL, close_it, &c);
    assert_false(sock_connect(s, "silent.example", 80));
    assert_int_equal(sock_last_error(s), ECANCELED);
    pthread_join(closer, NULL);
}

static void *make_nonblocking(void *s)
{
    wait_until_inside(1);
    assert_true(sock_set_nonblock(s));
    set_shut(false);
    return NULL;
}

/* Connect changes the mode for a moment; it must not undo what others set. */
static void a_mode_set_during_a_connect_stays(void **state)
{
    sock_t   *server;
    int       port = listen_here(&server);
    sock_t   *s    = sock_create(AF_INET, SOCK_STREAM, 0);
    pthread_t other;

    (void)state;
    set_shut(true);
    pthread_create(&other, NULL, make_nonblocking, s);
    assert_true(sock_connect(s, "here.example", port));
    pthread_join(other, NULL);
    assert_true(fcntl(sock_fd(s), F_GETFL) & O_NONBLOCK);
    sock_close(s);
    sock_close(server);
}

/* A look-up whose caller gave up before it began is never made. */
static void a_late_answer_is_dropped(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);

    (void)state;
    set_shut(true);
    sock_set_timeout(s, 1);
    do
        assert_false(sock_connect(s, "late.example", 80));
    while (!is_inside());
    set_shut(false);
    pthread_mutex_lock(&lock);
    while (!released)
        pthread_cond_wait(&opened, &lock);
    pthread_mutex_unlock(&lock);
    sock_close(s);
}

static void *connect_it(void *arg)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);

    if (!sock_connect(s, "busy.example", *(int *)arg))
        fail_msg("%s", sock_last_message(s));
    sock_close(s);
    return NULL;
}

/* Twenty want a look-up; four wait for a place, and get it. */
static void at_most_sixteen_look_ups_run_at_once(void **state)
{
    enum { COUNT = 20 };
    pthread_t threads[COUNT];
    sock_t   *server;
    int       port = listen_here(&server);

    (void)state;
    set_shut(true);
    for (int i = 0; i < COUNT; i++)
        pthread_create(&threads[i], NULL, connect_it, &port);
    wait_until_inside(16);
    set_shut(false);
    for (int i = 0; i < COUNT; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(most_inside, 16);
    sock_close(server);
}

static void failures_have_their_own_codes(void **state)
{
    static const struct {
        int eai, code;
    } rows[] = {
        {EAI_AGAIN, LIBSOCK_EAI_AGAIN},
        {EAI_FAIL, LIBSOCK_EAI_FAIL},
        {EAI_NONAME, LIBSOCK_EAI_NONAME},
        {EAI_FAMILY, LIBSOCK_EAI_FAMILY},
        {EAI_MEMORY, ENOMEM},
        {-12345, LIBSOCK_EAI_OTHER},
    };
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);

    (void)state;
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        result = rows[i].eai;
        assert_false(sock_connect(s, "bad.example", 80));
        assert_int_equal(sock_last_error(s), rows[i].code);
    }
    assert_int_equal(sk_resolve_code(EAI_SYSTEM, EMFILE), EMFILE);
    assert_int_equal(sk_resolve_code(EAI_SYSTEM, 0), LIBSOCK_EAI_OTHER);
    sock_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_name_is_looked_up_with_signals_blocked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_address_is_tried_and_told_of,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            an_answer_without_a_usable_address_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            the_second_address_serves_if_the_first_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_look_up_ends_with_the_time_of_its_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_look_up_ends_when_its_socket_is_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_mode_set_during_a_connect_stays,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_late_answer_is_dropped, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(at_most_sixteen_look_ups_run_at_once,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures_have_their_own_codes, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests_name("resolve", tests, count_descriptors,
                                       compare_descriptors);
}
