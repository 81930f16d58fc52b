/* test_address.c - proves look-ups, what is told of what they find, and that
 * it can be bound and connected to; and how bad questions are refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static sock_addrinfo_t *look_up(const char *host, const char *service,
                                const struct addrinfo *hints)
{
    sock_addrinfo_t *list = NULL;

    if (!sock_addrinfo_lookup(host, service, hints, &list))
        fail_msg("%s", sock_last_message(NULL));
    assert_non_null(list);
    return list;
}

/* One address of one type. */
static sock_addrinfo_t *one(const char *host, int port, int type)
{
    const struct addrinfo hints = {.ai_socktype = type};
    char                  text[16];
    sock_addrinfo_t      *list;

    snprintf(text, sizeof text, "%d", port);
    list = look_up(host, text, &hints);
    assert_null(sock_addrinfo_next(list));
    return list;
}

static sock_addrinfo_info_t info_of(const sock_addrinfo_t *a)
{
    sock_addrinfo_info_t info;

    assert_true(sock_addrinfo_explain(a, &info, sizeof info));
    return info;
}

static void is_refused(sock_t *s, int code, const char *sentence)
{
    assert_null(s);
    assert_int_equal(sock_last_error(NULL), code);
    assert_string_equal(sock_last_message(NULL), sentence);
}

static sock_t *listen_at(const char *address)
{
    int     domain = strchr(address, ':') ? AF_INET6 : AF_INET;
    sock_t *s      = sock_create(domain, SOCK_STREAM, 0);

    assert_true(sock_bind(s, address, 0));
    assert_true(sock_listen(s, 5));
    return s;
}

/* ---- looking up ---- */

static void an_address_and_a_port_are_what_they_say(void **state)
{
    static const struct {
        const char *address;
        int         family;
    } rows[] = {{"127.0.0.1", AF_INET},
                {"::1", AF_INET6},
                {"::ffff:192.0.2.1", AF_INET6}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sock_addrinfo_t     *list = one(rows[i].address, 65535, SOCK_STREAM);
        sock_addrinfo_info_t info = info_of(list);

        assert_string_equal(info.address, rows[i].address);
        assert_int_equal(info.family, rows[i].family);
        assert_int_equal(info.type, SOCK_STREAM);
        assert_int_equal(info.protocol, IPPROTO_TCP);
        assert_int_equal(info.port, 65535);
        assert_int_equal(info.flags, 0);
        assert_null(info.canonical_name);
        sock_addrinfo_free(list);
    }
}

static void a_link_local_address_keeps_its_scope(void **state)
{
    sock_addrinfo_t *list = one("fe80::1%lo", 80, SOCK_STREAM);

    (void)state;
    assert_string_equal(info_of(list).address, "fe80::1%lo");
    sock_addrinfo_free(list);
}

static void a_service_may_be_a_name(void **state)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    sock_addrinfo_t      *list;

    (void)state;
    if (!getservbyname("http", "tcp")) {
        print_message("SKIPPED: this system does not know http\n");
        skip();
    }
    list = look_up("127.0.0.1", "http", &hints);
    assert_int_equal(info_of(list).port, 80);
    sock_addrinfo_free(list);
}

static void a_service_may_be_left_out(void **state)
{
    sock_addrinfo_t *list = look_up("127.0.0.1", NULL, NULL);

    (void)state;
    assert_int_equal(info_of(list).port, 0);
    sock_addrinfo_free(list);
}

static void no_host_is_this_machine(void **state)
{
    static const char *const wanted[][2] = {{"127.0.0.1", "::1"},
                                            {"0.0.0.0", "::"}};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct addrinfo hints = {.ai_flags    = i ? AI_PASSIVE : 0,
                                       .ai_socktype = SOCK_STREAM};
        sock_addrinfo_t      *list  = look_up(NULL, "80", &hints);

        for (const sock_addrinfo_t *a = list; a; a = sock_addrinfo_next(a)) {
            sock_addrinfo_info_t info = info_of(a);

            assert_string_equal(info.address,
                                wanted[i][info.family == AF_INET6]);
            assert_int_equal(info.flags, hints.ai_flags);
        }
        sock_addrinfo_free(list);
    }
}

static void hints_choose_type_and_protocol(void **state)
{
    static const struct {
        int type, protocol, found_type, found_protocol;
    } rows[] = {
        {SOCK_STREAM, 0, SOCK_STREAM, IPPROTO_TCP},
        {SOCK_DGRAM, 0, SOCK_DGRAM, IPPROTO_UDP},
        {0, IPPROTO_UDP, SOCK_DGRAM, IPPROTO_UDP},
        {SOCK_DGRAM, IPPROTO_UDP, SOCK_DGRAM, IPPROTO_UDP},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct addrinfo hints = {.ai_socktype = rows[i].type,
                                       .ai_protocol = rows[i].protocol};
        sock_addrinfo_t      *list  = look_up("127.0.0.1", "80", &hints);

        assert_null(sock_addrinfo_next(list));
        assert_int_equal(info_of(list).type, rows[i].found_type);
        assert_int_equal(info_of(list).protocol, rows[i].found_protocol);
        sock_addrinfo_free(list);
    }
}

static void hints_choose_the_family(void **state)
{
    static const int families[] = {AF_INET, AF_INET6};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct addrinfo hints = {.ai_family   = families[i],
                                       .ai_socktype = SOCK_STREAM};
        sock_addrinfo_t      *list  = look_up(NULL, "80", &hints);

        assert_null(sock_addrinfo_next(list));
        assert_int_equal(info_of(list).family, families[i]);
        sock_addrinfo_free(list);
    }
}

static void other_hints_do_not_count(void **state)
{
    char            nonsense[] = "nonsense";
    struct addrinfo hints      = {.ai_socktype = SOCK_STREAM};

    (void)state;
    hints.ai_next      = &hints;
    hints.ai_addrlen   = 12345;
    hints.ai_canonname = nonsense;
    sock_addrinfo_free(look_up("127.0.0.1", "80", &hints));
}

static void without_hints_an_address_comes_once_for_each_type(void **state)
{
    sock_addrinfo_t *list     = look_up("127.0.0.1", "80", NULL);
    int              found[8] = {0};

    (void)state;
    for (const sock_addrinfo_t *a = list; a; a = sock_addrinfo_next(a)) {
        assert_string_equal(info_of(a).address, "127.0.0.1");
        assert_int_equal(info_of(a).port, 80);
        assert_int_equal(info_of(a).flags, 0);
        found[info_of(a).type & 7]++;
    }
    for (int type = 0; type < 8; type++)
        assert_true(found[type] <= 1);
    assert_true(found[SOCK_STREAM] && found[SOCK_DGRAM]);
    sock_addrinfo_free(list);
}

static void every_address_tells_the_canonical_name(void **state)
{
    const struct addrinfo hints = {.ai_flags = AI_CANONNAME};
    sock_addrinfo_t      *list  = look_up("127.0.0.1", "80", &hints);
    const char           *name  = info_of(list).canonical_name;

    (void)state;
    assert_string_equal(name, "127.0.0.1");
    assert_non_null(sock_addrinfo_next(list));
    for (const sock_addrinfo_t *a = list; a; a = sock_addrinfo_next(a))
        assert_ptr_equal(info_of(a).canonical_name, name);
    sock_addrinfo_free(list);
}

/* ---- looking at ---- */

static void explain_fills_what_an_older_caller_knows(void **state)
{
    const size_t         known = offsetof(sock_addrinfo_info_t, port);
    sock_addrinfo_t     *list  = one("127.0.0.1", 80, SOCK_STREAM);
    sock_addrinfo_info_t info, untouched;

    (void)state;
    memset(&info, 0x55, sizeof info);
    memset(&untouched, 0x55, sizeof untouched);
    assert_true(sock_addrinfo_explain(list, &info, known));
    assert_int_equal(info.family, AF_INET);
    assert_int_equal(info.type, SOCK_STREAM);
    assert_memory_equal((char *)&info + known, (char *)&untouched + known,
                        sizeof info - known);
    sock_addrinfo_free(list);
}

static void explain_clears_what_a_newer_caller_has_more(void **state)
{
    sock_addrinfo_t *list     = one("127.0.0.1", 80, SOCK_STREAM);
    static char      none[64] = "";
    struct {
        sock_addrinfo_info_t info;
        char                 more[64], behind;
    } newer;

    (void)state;
    memset(&newer, 0x55, sizeof newer);
    assert_true(sock_addrinfo_explain(list, &newer.info,
                                      offsetof(__typeof__(newer), behind)));
    assert_string_equal(newer.info.address, "127.0.0.1");
    assert_memory_equal(newer.more, none, sizeof none);
    assert_int_equal(newer.behind, 0x55);
    sock_addrinfo_free(list);
}

/* ---- binding ---- */

static void what_is_bound_has_the_address(void **state)
{
    static const char *const addresses[] = {"127.0.0.1", "127.1.2.3", "::1"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        sock_addrinfo_t *list = one(addresses[i], 0, SOCK_STREAM);
        sock_t          *s    = sock_addrinfo_bind(list);
        char             name[LIBSOCK_ADDRSTRLEN];
        int              port;

        assert_true(sock_getsockname(s, name, sizeof name, &port));
        assert_string_equal(name, addresses[i]);
        assert_true(port > 0);
        assert_true(sock_listen(s, 1));
        sock_close(s);
        sock_addrinfo_free(list);
    }
}

static void a_taken_port_is_refused_with_a_sentence(void **state)
{
    sock_t          *taken = listen_at("127.0.0.1");
    sock_addrinfo_t *list  = one("127.0.0.1", port_of(taken), SOCK_STREAM);
    char             want[99];

    (void)state;
    snprintf(want, sizeof want,
             "addrinfo_bind 127.0.0.1:%d: Address already in use",
             port_of(taken));
    is_refused(sock_addrinfo_bind(list), EADDRINUSE, want);
    sock_addrinfo_free(list);
    sock_close(taken);
}

static void a_foreign_address_is_not_bound(void **state)
{
    sock_addrinfo_t *list = one("2001:db8::1", 9, SOCK_DGRAM);

    (void)state;
    is_refused(sock_addrinfo_bind(list), EADDRNOTAVAIL,
               "addrinfo_bind [2001:db8::1]:9: Cannot assign requested "
               "address");
    sock_addrinfo_free(list);
}

/* ---- connecting ---- */

static void connect_reaches_a_listener(void **state)
{
    static const char *const addresses[] = {"127.0.0.1", "::1"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        sock_t          *server = listen_at(addresses[i]);
        sock_addrinfo_t *list = one(addresses[i], port_of(server), SOCK_STREAM);
        sock_t          *s    = sock_addrinfo_connect(list);
        sock_t          *peer = sock_accept(server);
        char             name[LIBSOCK_ADDRSTRLEN];
        int              port;

        assert_true(sock_getpeername(s, name, sizeof name, &port));
        assert_string_equal(name, addresses[i]);
        assert_int_equal(port, port_of(server));
        put(s, "x");
        wait_readable(peer);
        sock_addrinfo_free(list);
        sock_close(peer);
        sock_close(s);
        sock_close(server);
    }
}

static void nobody_there_is_refused_with_a_sentence(void **state)
{
    static const char *const addresses[] = {"127.0.0.1", "::1"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        sock_t *bound = sock_create(i ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
        sock_addrinfo_t *list;
        char             want[99];

        assert_true(sock_bind(bound, addresses[i], 0));
        list = one(addresses[i], port_of(bound), SOCK_STREAM);
        snprintf(want, sizeof want,
                 "addrinfo_connect %s%s%s:%d: Connection refused", i ? "[" : "",
                 addresses[i], i ? "]" : "", port_of(bound));
        is_refused(sock_addrinfo_connect(list), ECONNREFUSED, want);
        sock_addrinfo_free(list);
        sock_close(bound);
    }
}

/* A slot that were lost each time would have a number beyond. */
static void failures_use_up_no_slots(void **state)
{
    enum { TIMES = 300 };
    sock_t          *bound = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_addrinfo_t *list;
    sock_t          *s;

    (void)state;
    assert_true(sock_bind(bound, "127.0.0.1", 0));
    list = one("127.0.0.1", port_of(bound), SOCK_STREAM);
    for (int i = 0; i < TIMES; i++) {
        assert_null(sock_addrinfo_connect(list));
        assert_int_equal(sock_last_error(NULL), ECONNREFUSED);
    }
    s = sock_create(AF_INET, SOCK_STREAM, 0);
    assert_true(sock_id(s) < TIMES);
    sock_close(s);
    sock_close(bound);
    sock_addrinfo_free(list);
}

static void a_datagram_socket_gets_a_peer(void **state)
{
    sock_t          *server = sock_create(AF_INET, SOCK_DGRAM, 0);
    char             from[LIBSOCK_ADDRSTRLEN], byte;
    int              port;
    sock_addrinfo_t *list;
    sock_t          *s;

    (void)state;
    assert_true(sock_bind(server, "127.0.0.1", 0));
    list = one("127.0.0.1", port_of(server), SOCK_DGRAM);
    s    = sock_addrinfo_connect(list);
    assert_int_equal(sock_send(s, "x", 1, 0), 1);
    assert_int_equal(
        sock_recvfrom(server, &byte, 1, 0, from, sizeof from, &port), 1);
    assert_int_equal(port, port_of(s));
    assert_true(sock_getpeername(s, NULL, 0, &port));
    assert_int_equal(port, port_of(server));
    assert_true(sock_connect(s, "127.0.0.1", 9)); /* as any other's */
    sock_addrinfo_free(list);
    sock_close(s);
    sock_close(server);
}

/* Whichever family comes first, one of the two listeners is found second. */
static void a_walk_ends_at_the_first_that_works(void **state)
{
    static const char *const addresses[] = {"127.0.0.1", "::1"};
    const struct addrinfo    hints       = {.ai_socktype = SOCK_STREAM};

    (void)state;
    for (int i = 0; i < 2; i++) {
        sock_t          *server = listen_at(addresses[i]);
        sock_t          *s      = NULL;
        sock_addrinfo_t *list;
        char             port[16], name[LIBSOCK_ADDRSTRLEN];

        snprintf(port, sizeof port, "%d", port_of(server));
        list = look_up(NULL, port, &hints);
        for (const sock_addrinfo_t *a = list; a && !s;
             a                        = sock_addrinfo_next(a))
            s = sock_addrinfo_connect(a);
        assert_true(sock_getpeername(s, name, sizeof name, NULL));
        assert_string_equal(name, addresses[i]);
        sock_addrinfo_free(list);
        sock_close(s);
        sock_close(server);
    }
}

static void *read_and_connect(void *list)
{
    for (int i = 0; i < 100; i++) {
        sock_addrinfo_info_t info;
        sock_t              *s = sock_addrinfo_connect(list);

        if (!s || sock_addrinfo_next(list) ||
            !sock_addrinfo_explain(list, &info, sizeof info) ||
            strcmp(info.address, "127.0.0.1"))
            return NULL;
        sock_close(s);
    }
    return list;
}

static void any_number_of_threads_may_read_a_list(void **state)
{
    sock_t          *server = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_addrinfo_t *list;
    pthread_t        threads[4];
    void            *result;

    (void)state;
    assert_true(sock_bind(server, "127.0.0.1", 0));
    list = one("127.0.0.1", port_of(server), SOCK_DGRAM);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, read_and_connect, list);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, list);
    }
    sock_addrinfo_free(list);
    sock_close(server);
}

static _Atomic int tid, handled;

static void handle(int number)
{
    (void)number;
    handled++;
}

static void *connect_it(void *list)
{
    tid = gettid();
    return sock_addrinfo_connect(list);
}

static void interrupt(pthread_t thread)
{
    const struct sigaction action = {.sa_handler = handle};

    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    while (!tid)
        ;
    for (int i = 1; i <= 3; i++) {
        wait_until_asleep(tid);
        pthread_kill(thread, SIGUSR1);
        while (handled < i)
            ;
    }
}

static void a_signal_does_not_end_a_connect(void **state)
{
    sock_addrinfo_t *list;
    struct full      f;
    pthread_t        thread;
    void            *s;

    (void)state;
    full_backlog(AF_INET, &f);
    list = one(f.address, f.port, SOCK_STREAM);
    pthread_create(&thread, NULL, connect_it, list);
    interrupt(thread);
    sock_close(sock_accept(f.listener));
    pthread_join(thread, &s);
    assert_non_null(s);
    sock_close(s);
    sock_addrinfo_free(list);
    close_full(&f);
}

/* ---- what is refused ---- */

struct bad {
    const char *host, *service;
    int         flags, family, type, protocol, code;
};

static void are_refused(const struct bad *bad, size_t count)
{
    void *untouched = &count;

    for (size_t i = 0; i < count; i++) {
        const struct addrinfo hints = {.ai_flags    = bad[i].flags,
                                       .ai_family   = bad[i].family,
                                       .ai_socktype = bad[i].type,
                                       .ai_protocol = bad[i].protocol};
        sock_addrinfo_t      *list  = untouched;

        sock_clear_error(NULL);
        if (sock_addrinfo_lookup(bad[i].host, bad[i].service, &hints, &list) ||
            sock_last_error(NULL) != bad[i].code)
            fail_msg("row %zu: %s", i, sock_last_message(NULL));
        assert_ptr_equal(list, untouched);
    }
}

static void what_is_no_host_is_refused(void **state)
{
    static const struct bad bad[] = {
        {NULL, NULL, 0, 0, 0, 0, LIBSOCK_EAI_NONAME},
        {"", "80", 0, 0, 0, 0, LIBSOCK_EAI_NONAME},
        {"localhost", "80", AI_NUMERICHOST, 0, 0, 0, LIBSOCK_EAI_NONAME},
        {"fe80::1%nosuch", "80", AI_NUMERICHOST, 0, 0, 0, LIBSOCK_EAI_NONAME},
        {"127.0.0.1", "80", 0, AF_INET6, 0, 0, LIBSOCK_EAI_ADDRFAMILY},
        {"::1", "80", 0, AF_INET, 0, 0, LIBSOCK_EAI_ADDRFAMILY},
    };

    (void)state;
    are_refused(bad, sizeof bad / sizeof *bad);
}

static void what_is_no_service_is_refused(void **state)
{
    static const struct bad bad[] = {
        {"127.0.0.1", "no-such", 0, 0, 0, 0, LIBSOCK_EAI_SERVICE},
        {"127.0.0.1", "no-such", 0, 0, SOCK_STREAM, 0, LIBSOCK_EAI_SERVICE},
        {"127.0.0.1", "http", 0, 0, SOCK_RAW, 0, LIBSOCK_EAI_SERVICE},
        {"127.0.0.1", "http", AI_NUMERICSERV, 0, 0, 0, LIBSOCK_EAI_NONAME},
        {NULL, "no-such", 0, 0, 0, 0, LIBSOCK_EAI_SERVICE},
    };

    (void)state;
    are_refused(bad, sizeof bad / sizeof *bad);
}

/* A resolver would take 34463 for 99999. */
static void a_port_out_of_range_is_refused_not_cut(void **state)
{
    static const char *const ports[] = {"65536", "99999", "4294967376", "-1",
                                        "99999999999999999999"};

    (void)state;
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        struct bad bad = {"127.0.0.1", ports[i],           0, 0, SOCK_STREAM,
                          0,           LIBSOCK_EAI_SERVICE};

        are_refused(&bad, 1);
    }
}

static void hints_nobody_knows_are_refused(void **state)
{
    static const struct bad bad[] = {
        {"127.0.0.1", "80", 1 << 20, 0, 0, 0, LIBSOCK_EAI_BADFLAGS},
        {NULL, "80", AI_CANONNAME, 0, 0, 0, LIBSOCK_EAI_BADFLAGS},
        {"127.0.0.1", "80", 0, 77, 0, 0, LIBSOCK_EAI_FAMILY},
        {"127.0.0.1", "80", 0, AF_UNIX, 0, 0, LIBSOCK_EAI_FAMILY},
        {"127.0.0.1", "80", 0, -1, 0, 0, LIBSOCK_EAI_FAMILY},
        {"127.0.0.1", "80", 0, 0, 99, 0, LIBSOCK_EAI_SOCKTYPE},
        {"127.0.0.1", "80", 0, 0, SOCK_STREAM | SOCK_NONBLOCK, 0,
         LIBSOCK_EAI_SOCKTYPE},
        {"127.0.0.1", "80", 0, 0, SOCK_STREAM, IPPROTO_UDP,
         LIBSOCK_EAI_SOCKTYPE},
    };

    (void)state;
    are_refused(bad, sizeof bad / sizeof *bad);
}

/* Without a network the name server may simply not answer. */
static bool is_unknown(int code)
{
    return code == LIBSOCK_EAI_NONAME || code == LIBSOCK_EAI_AGAIN ||
           code == LIBSOCK_EAI_FAIL || code == LIBSOCK_EAI_NODATA;
}

static void an_unknown_name_is_told_with_its_name(void **state)
{
    static const char start[] = "addrinfo_lookup name.invalid http: ";
    sock_addrinfo_t  *list    = NULL;

    (void)state;
    assert_false(sock_addrinfo_lookup("name.invalid", "http", NULL, &list));
    assert_true(is_unknown(sock_last_error(NULL)));
    assert_int_equal(strncmp(sock_last_message(NULL), start, sizeof start - 1),
                     0);
    assert_null(list);
}

static void a_name_too_long_is_refused(void **state)
{
    char             name[70001];
    sock_addrinfo_t *list = NULL;

    (void)state;
    memset(name, 'n', sizeof name);
    name[255] = '\0';
    assert_false(sock_addrinfo_lookup(name, "80", NULL, &list));
    assert_true(is_unknown(sock_last_error(NULL)));
    for (int i = 0; i < 3; i++) {
        static const int lengths[] = {70000, 300, 256};

        memset(name, 'n', sizeof name);
        name[lengths[i]] = '\0';
        assert_false(sock_addrinfo_lookup(name, "80", NULL, &list));
        assert_int_equal(sock_last_error(NULL), ENAMETOOLONG);
    }
    assert_false(sock_addrinfo_lookup("127.0.0.1", name, NULL, &list));
    assert_int_equal(sock_last_error(NULL), LIBSOCK_EAI_SERVICE);
    assert_null(list);
}

static void no_list_is_invalid(void **state)
{
    (void)state;
    assert_false(sock_addrinfo_lookup("127.0.0.1", "80", NULL, NULL));
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_string_equal(sock_last_message(NULL),
                        "addrinfo_lookup 127.0.0.1 80: Invalid argument");
    assert_false(sock_addrinfo_lookup(NULL, NULL, NULL, NULL));
    assert_string_equal(sock_last_message(NULL),
                        "addrinfo_lookup: Invalid argument");
}

static void no_address_is_invalid(void **state)
{
    sock_addrinfo_t     *list = one("127.0.0.1", 80, SOCK_STREAM);
    sock_addrinfo_info_t info;

    (void)state;
    is_refused(sock_addrinfo_bind(NULL), EINVAL,
               "addrinfo_bind: Invalid argument");
    is_refused(sock_addrinfo_connect(NULL), EINVAL,
               "addrinfo_connect: Invalid argument");
    assert_false(sock_addrinfo_explain(NULL, &info, sizeof info));
    assert_string_equal(sock_last_message(NULL),
                        "addrinfo_explain: Invalid argument");
    sock_clear_error(NULL);
    assert_false(sock_addrinfo_explain(list, NULL, sizeof info));
    assert_int_equal(sock_last_error(NULL), EINVAL);
    sock_clear_error(NULL);
    assert_false(sock_addrinfo_explain(list, &info, 0));
    assert_int_equal(sock_last_error(NULL), EINVAL);
    sock_addrinfo_free(list);
}

static void nothing_is_behind_nothing_and_may_be_freed(void **state)
{
    (void)state;
    assert_null(sock_addrinfo_next(NULL));
    sock_addrinfo_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_and_a_port_are_what_they_say),
        cmocka_unit_test(a_link_local_address_keeps_its_scope),
        cmocka_unit_test(a_service_may_be_a_name),
        cmocka_unit_test(a_service_may_be_left_out),
        cmocka_unit_test(no_host_is_this_machine),
        cmocka_unit_test(hints_choose_type_and_protocol),
        cmocka_unit_test(hints_choose_the_family),
        cmocka_unit_test(other_hints_do_not_count),
        cmocka_unit_test(without_hints_an_address_comes_once_for_each_type),
        cmocka_unit_test(every_address_tells_the_canonical_name),
        cmocka_unit_test(explain_fills_what_an_older_caller_knows),
        cmocka_unit_test(explain_clears_what_a_newer_caller_has_more),
        cmocka_unit_test(what_is_bound_has_the_address),
        cmocka_unit_test(a_taken_port_is_refused_with_a_sentence),
        cmocka_unit_test(a_foreign_address_is_not_bound),
        cmocka_unit_test(connect_reaches_a_listener),
        cmocka_unit_test(nobody_there_is_refused_with_a_sentence),
        cmocka_unit_test(failures_use_up_no_slots),
        cmocka_unit_test(a_datagram_socket_gets_a_peer),
        cmocka_unit_test(a_walk_ends_at_the_first_that_works),
        cmocka_unit_test(any_number_of_threads_may_read_a_list),
        cmocka_unit_test(a_signal_does_not_end_a_connect),
        cmocka_unit_test(what_is_no_host_is_refused),
        cmocka_unit_test(what_is_no_service_is_refused),
        cmocka_unit_test(a_port_out_of_range_is_refused_not_cut),
        cmocka_unit_test(hints_nobody_knows_are_refused),
        cmocka_unit_test(an_unknown_name_is_told_with_its_name),
        cmocka_unit_test(a_name_too_long_is_refused),
        cmocka_unit_test(no_list_is_invalid),
        cmocka_unit_test(no_address_is_invalid),
        cmocka_unit_test(nothing_is_behind_nothing_and_may_be_freed),
    };

    return cmocka_run_group_tests_name("address", tests, count_descriptors,
                                       compare_descriptors);
}
