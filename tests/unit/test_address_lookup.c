/* test_address_lookup.c - proves what a look-up makes of a resolver's answer:
 * its codes, and a list that owes nothing to it. A made-up resolver stands in
 * for the system's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/resolve.h"

#include "support/net.h"

#include <arpa/inet.h>
#include <string.h>

/* One entry of the made-up answer; len 0: as its family has it. */
struct entry {
    int         family;
    const char *text;
    int         port;
    int         type;
    socklen_t   len;
    const char *name;
};

static const struct entry *answer;
static size_t              answer_count;
static int                 result, system_error;
static int                 asked, released;
static const char         *asked_name, *asked_service;
static struct addrinfo     asked_hints;
static pthread_t           asker;

static struct addrinfo *new_entry(const struct entry *e)
{
    struct addrinfo     *a  = calloc(1, sizeof *a);
    struct sockaddr_in6 *in = calloc(1, sizeof(struct sockaddr_storage));

    /* The port stands at the same place in both families. */
    in->sin6_family = (sa_family_t)e->family;
    in->sin6_port   = htons((uint16_t)e->port);
    if (e->family == AF_INET)
        inet_pton(AF_INET, e->text, &((struct sockaddr_in *)in)->sin_addr);
    else if (e->family == AF_INET6)
        inet_pton(AF_INET6, e->text, &in->sin6_addr);
    a->ai_family    = e->family;
    a->ai_socktype  = e->type;
    a->ai_protocol  = e->type == SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP;
    a->ai_addr      = (struct sockaddr *)in;
    a->ai_canonname = e->name ? strdup(e->name) : NULL;
    a->ai_addrlen   = e->family == AF_INET ? sizeof(struct sockaddr_in)
                                           : sizeof(struct sockaddr_in6);
    if (e->len)
        a->ai_addrlen = e->len;
    return a;
}

static int fake(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **out)
{
    struct addrinfo **end = out;

    asked++;
    asked_name    = name;
    asked_service = service;
    asked_hints   = *hints;
    asker         = pthread_self();
    errno         = system_error;
    if (result)
        return result;
    *out = NULL;
    for (size_t i = 0; i < answer_count; i++) {
        *end = new_entry(&answer[i]);
        end  = &(*end)->ai_next;
    }
    return 0;
}

/* What is used after this is no address and no name any more. */
static void give_back(struct addrinfo *list)
{
    released++;
    while (list) {
        struct addrinfo *next = list->ai_next;

        if (list->ai_canonname)
            memset(list->ai_canonname, '?', strlen(list->ai_canonname));
        free(list->ai_canonname);
        memset(list->ai_addr, 0xff, sizeof(struct sockaddr_storage));
        free(list->ai_addr);
        memset(list, 0xff, sizeof *list);
        free(list);
        list = next;
    }
}

static int set_up(void **state)
{
    (void)state;
    answer       = NULL;
    answer_count = 0;
    result = system_error = asked = released = 0;
    sk_resolve_use(fake, give_back);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sk_resolve_use(NULL, NULL);
    return 0;
}

static sock_addrinfo_t *look_up(const struct entry *entries, size_t count,
                                int flags)
{
    const struct addrinfo hints = {.ai_flags = flags};
    sock_addrinfo_t      *list  = NULL;

    answer       = entries;
    answer_count = count;
    if (!sock_addrinfo_lookup("made.up", "some", &hints, &list))
        fail_msg("%s", sock_last_message(NULL));
    assert_int_equal(released, 1);
    return list;
}

static void is_same(const sock_addrinfo_t *a, const struct entry *want)
{
    sock_addrinfo_info_t info;

    assert_true(sock_addrinfo_explain(a, &info, sizeof info));
    assert_string_equal(info.address, want->text);
    assert_int_equal(info.family, want->family);
    assert_int_equal(info.type, want->type);
    assert_int_equal(info.port, want->port);
}

static void fails_with(int code)
{
    sock_addrinfo_t *list = (sock_addrinfo_t *)&answer;

    sock_clear_error(NULL);
    assert_false(sock_addrinfo_lookup("made.up", "some", NULL, &list));
    assert_int_equal(sock_last_error(NULL), code);
    assert_ptr_equal(list, &answer);
}

/* ---- the question ---- */

static void host_service_and_hints_reach_the_resolver(void **state)
{
    static const struct entry here[] = {
        {.family = AF_INET, .text = "192.0.2.1"}};
    const struct addrinfo hints = {
        AI_PASSIVE, AF_INET, SOCK_STREAM, IPPROTO_TCP, 99, NULL, NULL, NULL};
    sock_addrinfo_t *list = NULL;

    (void)state;
    answer       = here;
    answer_count = 1;
    assert_true(sock_addrinfo_lookup("made.up", "some", &hints, &list));
    assert_string_equal(asked_name, "made.up");
    assert_string_equal(asked_service, "some");
    assert_int_equal(asked_hints.ai_flags, AI_PASSIVE);
    assert_int_equal(asked_hints.ai_family, AF_INET);
    assert_int_equal(asked_hints.ai_socktype, SOCK_STREAM);
    assert_int_equal(asked_hints.ai_protocol, IPPROTO_TCP);
    assert_int_equal(asked_hints.ai_addrlen, 0);
    sock_addrinfo_free(list);
}

static void the_resolver_is_asked_on_the_callers_thread(void **state)
{
    (void)state;
    fails_with(LIBSOCK_EAI_NODATA);
    assert_true(pthread_equal(asker, pthread_self()));
}

/* A connect asks for no service: its port is a number. */
static void a_connect_by_name_asks_for_no_service(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    result        = EAI_NONAME;
    asked_service = "";
    assert_false(sock_connect(s, "made.up", 80));
    assert_null(asked_service);
    sock_close(s);
}

static void a_host_too_long_is_not_asked_for(void **state)
{
    char             name[257];
    sock_addrinfo_t *list;

    (void)state;
    result = EAI_NONAME;
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    assert_false(sock_addrinfo_lookup(name, NULL, NULL, &list));
    assert_int_equal(asked, 0);
    name[255] = '\0';
    assert_false(sock_addrinfo_lookup(name, NULL, NULL, &list));
    assert_int_equal(asked, 1);
}

/* ---- the codes ---- */

static void each_failure_has_its_own_code(void **state)
{
    static const int rows[][2] = {
        {EAI_AGAIN, LIBSOCK_EAI_AGAIN},
        {EAI_BADFLAGS, LIBSOCK_EAI_BADFLAGS},
        {EAI_FAIL, LIBSOCK_EAI_FAIL},
        {EAI_FAMILY, LIBSOCK_EAI_FAMILY},
        {EAI_NONAME, LIBSOCK_EAI_NONAME},
        {EAI_SERVICE, LIBSOCK_EAI_SERVICE},
        {EAI_SOCKTYPE, LIBSOCK_EAI_SOCKTYPE},
        {EAI_NODATA, LIBSOCK_EAI_NODATA},
        {EAI_ADDRFAMILY, LIBSOCK_EAI_ADDRFAMILY},
        {EAI_OVERFLOW, LIBSOCK_EAI_OVERFLOW},
        {EAI_MEMORY, ENOMEM},
        {-12345, LIBSOCK_EAI_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        result = rows[i][0];
        fails_with(rows[i][1]);
    }
    assert_int_equal(released, 0);
}

static void a_failure_of_the_system_keeps_its_code(void **state)
{
    (void)state;
    result       = EAI_SYSTEM;
    system_error = EMFILE;
    fails_with(EMFILE);
    assert_string_equal(sock_last_message(NULL),
                        "addrinfo_lookup made.up some: Too many open files");
    system_error = 0;
    fails_with(LIBSOCK_EAI_OTHER);
}

static void an_empty_answer_is_a_failure(void **state)
{
    (void)state;
    fails_with(LIBSOCK_EAI_NODATA);
    assert_int_equal(released, 0);
}

static void an_answer_of_nothing_usable_is_a_failure(void **state)
{
    static const struct entry alien[] = {{.family = AF_UNIX},
                                         {.family = AF_UNSPEC}};

    (void)state;
    answer       = alien;
    answer_count = 2;
    fails_with(LIBSOCK_EAI_NODATA);
    assert_int_equal(released, 1);
}

/* ---- the list ---- */

static void the_list_outlives_the_resolvers_memory(void **state)
{
    static const struct entry mixed[] = {
        {AF_INET6, "2001:db8::1", 80, SOCK_STREAM, 0, "canonical.made.up"},
        {AF_INET, "192.0.2.1", 81, SOCK_DGRAM, 0, NULL},
        {AF_INET6, "2001:db8::2", 65535, SOCK_DGRAM, 0, NULL},
        {AF_INET, "192.0.2.2", 0, SOCK_STREAM, 0, NULL},
    };
    sock_addrinfo_t       *list = look_up(mixed, SK_COUNT(mixed), 0);
    const sock_addrinfo_t *a    = list;

    (void)state;
    for (size_t i = 0; i < SK_COUNT(mixed); i++) {
        is_same(a, &mixed[i]);
        a = sock_addrinfo_next(a);
    }
    assert_null(a);
    sock_addrinfo_free(list);
}

static const char *name_of(const sock_addrinfo_t *a)
{
    sock_addrinfo_info_t info;

    assert_true(sock_addrinfo_explain(a, &info, sizeof info));
    return info.canonical_name;
}

/* Resolvers give it with one address; every address tells it. */
static void the_canonical_name_is_kept(void **state)
{
    static const struct entry named[] = {
        {AF_UNIX, NULL, 0, SOCK_STREAM, 0, NULL},
        {AF_INET, "192.0.2.1", 80, SOCK_STREAM, 0, "canonical.made.up"},
        {AF_INET, "192.0.2.2", 80, SOCK_STREAM, 0, "another.made.up"},
    };
    sock_addrinfo_t *list = look_up(named, 3, AI_CANONNAME);

    (void)state;
    assert_string_equal(name_of(list), "canonical.made.up");
    assert_string_equal(name_of(sock_addrinfo_next(list)), "canonical.made.up");
    sock_addrinfo_free(list);
}

static void a_canonical_name_nobody_asked_for_is_dropped(void **state)
{
    static const struct entry named[] = {
        {AF_INET, "192.0.2.1", 80, SOCK_STREAM, 0, "canonical.made.up"}};
    sock_addrinfo_t *list = look_up(named, 1, AI_PASSIVE);

    (void)state;
    assert_null(name_of(list));
    sock_addrinfo_free(list);
}

static void a_canonical_name_that_did_not_come_is_none(void **state)
{
    static const struct entry nameless[] = {
        {AF_INET, "192.0.2.1", 80, SOCK_STREAM, 0, NULL}};
    sock_addrinfo_t *list = look_up(nameless, 1, AI_CANONNAME);

    (void)state;
    assert_null(name_of(list));
    sock_addrinfo_free(list);
}

/* An address of a family nobody knows, or of a length its family has not. */
static void what_is_no_address_is_skipped(void **state)
{
    static const struct entry mixed[] = {
        {AF_UNIX, NULL, 0, SOCK_STREAM, 0, NULL},
        {AF_INET, "192.0.2.1", 80, SOCK_STREAM, 8, NULL},
        {AF_INET, "192.0.2.2", 80, SOCK_STREAM, 0, NULL},
        {AF_INET6, "2001:db8::1", 80, SOCK_STREAM, 24, NULL},
        {AF_INET6, "2001:db8::2", 80, SOCK_STREAM, 128, NULL},
        {AF_INET6, "2001:db8::3", 80, SOCK_STREAM, 0, NULL},
        {AF_APPLETALK, NULL, 0, SOCK_STREAM, 16, NULL},
        {AF_INET, "192.0.2.3", 80, SOCK_STREAM, 60000, NULL},
    };
    sock_addrinfo_t       *list = look_up(mixed, SK_COUNT(mixed), 0);
    const sock_addrinfo_t *next = sock_addrinfo_next(list);

    (void)state;
    is_same(list, &mixed[2]);
    is_same(next, &mixed[5]);
    assert_null(sock_addrinfo_next(next));
    sock_addrinfo_free(list);
}

static void a_thousand_addresses_are_all_there(void **state)
{
    enum { COUNT = 1000 };
    static struct entry many[COUNT];
    sock_addrinfo_t    *list;
    size_t              count = 0;

    (void)state;
    for (int i = 0; i < COUNT; i++)
        many[i] = (struct entry){AF_INET, "192.0.2.1", i, SOCK_DGRAM, 0, NULL};
    list = look_up(many, COUNT, 0);
    for (const sock_addrinfo_t *a = list; a; a = sock_addrinfo_next(a))
        is_same(a, &many[count++]);
    assert_int_equal(count, COUNT);
    sock_addrinfo_free(list);
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FAKE(host_service_and_hints_reach_the_resolver),
        WITH_FAKE(the_resolver_is_asked_on_the_callers_thread),
        WITH_FAKE(a_connect_by_name_asks_for_no_service),
        WITH_FAKE(a_host_too_long_is_not_asked_for),
        WITH_FAKE(each_failure_has_its_own_code),
        WITH_FAKE(a_failure_of_the_system_keeps_its_code),
        WITH_FAKE(an_empty_answer_is_a_failure),
        WITH_FAKE(an_answer_of_nothing_usable_is_a_failure),
        WITH_FAKE(the_list_outlives_the_resolvers_memory),
        WITH_FAKE(the_canonical_name_is_kept),
        WITH_FAKE(a_canonical_name_nobody_asked_for_is_dropped),
        WITH_FAKE(a_canonical_name_that_did_not_come_is_none),
        WITH_FAKE(what_is_no_address_is_skipped),
        WITH_FAKE(a_thousand_addresses_are_all_there),
    };

    return cmocka_run_group_tests_name("address_lookup", tests,
                                       count_descriptors, compare_descriptors);
}
