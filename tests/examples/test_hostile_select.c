/* test_hostile_select.c - whoever else is there, and whatever they do, a server
 * of many serves its guests, and keeps nothing of those who have left.
 */
#include "support/hostile.h"

#include <sys/resource.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* As many come at once as wait in a short listen queue. */
#define BATCH 4

struct server {
    const char *program;
    const char *greeting;     /* its end; NULL: it says nothing first */
    const char *before;       /* what was said, in the answer; */
    const char *after;        /* and what follows there */
    int         room;         /* for hostile ones */
    bool        others;       /* hear the answer, not who spoke */
    bool        once;         /* it answers, then it closes */
    bool        drops_deaf;   /* who takes no bytes is dropped */
    bool        waits_by_set; /* it does not select */
};

static const struct server multi_talkback_server   = {.program = EXAMPLES_DIR
                                                      "/multi_talkback_server",
                                                      .greeting = "'shutdown'.\n",
                                                      .before   = "Usted dijo '",
                                                      .after    = "'.\n",
                                                      .room     = INT_MAX,
                                                      .drops_deaf = true};
static const struct server chat_server             = {.program =
                                                          EXAMPLES_DIR "/chat_server",
                                                      .greeting   = "reply back \n",
                                                      .before     = "Said: ... ",
                                                      .after      = "\n",
                                                      .room       = 7,
                                                      .others     = true,
                                                      .drops_deaf = true};
static const struct server whitespace_multi_server = {
    .program    = EXAMPLES_DIR "/whitespace_multi_server",
    .before     = "",
    .after      = "",
    .room       = 7,
    .drops_deaf = true};
static const struct server stream_multi_server = {
    .program  = EXAMPLES_DIR "/stream_multi_server",
    .greeting = "Hello! The time is ",
    .before   = "You have sent :[",
    .after    = "\n]\n",
    .room     = INT_MAX,
    .once     = true};
static const struct server echo_many    = {.program = EXAMPLES_DIR "/echo_many",
                                           .before  = "",
                                           .after   = "\n",
                                           .room    = INT_MAX,
                                           .waits_by_set = true};
static const struct server echo_threads = {.program =
                                               EXAMPLES_DIR "/echo_threads",
                                           .before       = "",
                                           .after        = "\n",
                                           .room         = INT_MAX,
                                           .waits_by_set = true};

static const struct server *server;
static struct guest        *resident;    /* is there from first to last */
static int                  descriptors; /* of the program, beside it alone */

/* ---- guests ---- */

static struct guest *enters(void)
{
    struct guest *g = guest_enters();

    if (server->greeting)
        guest_hears(g, server->greeting);
    return g;
}

static void write_answer(char *answer, size_t size, const char *word)
{
    (void)snprintf(answer, size, "%s%s%s", server->before, word, server->after);
}

/* What nobody has said before, and the answer to it. */
static const char *new_word(char *answer, size_t size)
{
    static char     word[32];
    static unsigned number;

    (void)snprintf(word, sizeof word, "word-%u", number++);
    write_answer(answer, size, word);
    (void)strcat(word, "\n");
    return word;
}

static void talks(struct guest *g, struct guest *other)
{
    char answer[64];

    guest_says(g, new_word(answer, sizeof answer));
    guest_hears(server->others ? other : g, answer);
    if (server->once)
        guest_hears_end(g);
}

/* A visitor comes, and is answered at once, and so is the resident. */
static struct guest *visitor(void)
{
    long          begin = hostile_now();
    struct guest *g     = enters();

    talks(g, resident);
    if (!server->once)
        talks(resident, g);
    assert_in_range(hostile_now() - begin, 0, HOSTILE_PATIENCE);
    return g;
}

static void visit(void)
{
    guest_leaves(visitor());
}

static void open_with_resident(void)
{
    hostile_begin();
    stage_program(server->program);
    stage_start(stage_place.address, stage_place.port, NULL);
    resident = enters();
}

/* Who selects many may keep a set of them from then on, which takes two
 * descriptors. */
static void be_many(void)
{
    struct guest *idle[4];

    for (int i = 0; i < 4; i++)
        idle[i] = enters();
    for (int i = 0; i < 8; i++)
        visit();
    for (int i = 0; i < 4; i++)
        guest_leaves(idle[i]);
    for (int i = 0; i < 2; i++) /* then they are gone */
        visit();
}

/* Start it, let the resident come, and count what it has open. */
static void settle(void)
{
    struct guest *g;

    open_with_resident();
    if (!server->waits_by_set)
        be_many();
    g           = visitor();
    descriptors = hostile_descriptors(INT_MAX) - !server->once;
    guest_leaves(g);
}

/* ---- beside the hostile ---- */

struct row {
    const struct server  *server;
    const struct hostile *kind;
};

/* They come by and by; those who do not stay have left no descriptor. */
static void all_come(const struct hostile *kind)
{
    int total = kind->count < server->room ? kind->count : server->room;
    int batch;

    for (; total > 0; total -= batch) {
        batch = total < BATCH || kind->deaf ? total : BATCH;
        hostile_come(kind, batch);
        visit();
        if (kind->end == HOSTILE_LEAVES || kind->end == HOSTILE_RESETS)
            hostile_await_descriptors(descriptors);
    }
}

/* The server closes all of them, guests being served meanwhile. */
static void all_are_closed(void)
{
    long begin = hostile_now();

    while (hostile_left() > 0) {
        visit();
        assert_in_range(hostile_now() - begin, 0, 2 * HOSTILE_PATIENCE);
    }
}

static void beside(void **state)
{
    const struct row *row = *state;

    server = row->server;
    settle();
    all_come(row->kind);
    if (row->kind->end == HOSTILE_HALF_CLOSES ||
        (row->kind->deaf && server->drops_deaf))
        all_are_closed();
    hostile_rest();
    visit();
    hostile_go();
    visit();
    hostile_await_descriptors(descriptors);
    if (server->once)
        talks(resident, resident);
}

/* ---- who only hears, and takes nothing ---- */

static void a_deaf_listener_is_dropped(void **state)
{
    static char   words[1000], taken[65536];
    struct guest *g;
    long          begin;
    ssize_t       n;
    int           deaf;

    (void)state;
    server = &chat_server;
    settle();
    deaf = stage_enter();
    g    = visitor();
    hostile_await_descriptors(descriptors + 2);
    memset(words, 'x', sizeof words - 1);
    for (begin = hostile_now(); hostile_descriptors(INT_MAX) > descriptors + 1;
         talks(g, resident)) {
        guest_says(g, words);
        guest_hears(resident, words);
        assert_in_range(hostile_now() - begin, 0, HOSTILE_PATIENCE);
    }
    guest_leaves(g);
    while ((n = spawn_read(deaf, taken, sizeof taken)) > 0)
        continue;
    assert_int_equal(n, 0);
}

/* ---- no descriptors ---- */

#define INSIDE 8
#define WAITING 4

/* Let the program have no more descriptors than for so many. */
static void limit_to(int more)
{
    struct rlimit limit;
    int           n = 0;

    while (n - hostile_descriptors(n) < more)
        n++;
    limit.rlim_cur = limit.rlim_max = (rlim_t)n;
    assert_int_equal(prlimit(stage.pid, RLIMIT_NOFILE, &limit, NULL), 0);
}

static struct guest *inside[INSIDE];

/* Guests come until there is no room for another. */
static void fill(void)
{
    int i;

    settle();
    hostile_await_descriptors(descriptors);
    limit_to(INSIDE);
    for (i = 0; i < INSIDE; i++) {
        inside[i] = enters();
        if (!server->once)
            talks(inside[i], resident);
        hostile_await_descriptors(descriptors + i + 1);
    }
}

/* One more, who says at once what is to be answered. */
static struct guest *waits(void)
{
    struct guest *g = guest_enters();

    guest_says(g, "waits\n");
    return g;
}

/* For some time nobody is let in, and next to no processor time is used. */
static void rests(struct guest **waiting)
{
    long used = stage_used(), begin = hostile_now(), left;
    int  i;

    while ((left = begin + 300 - hostile_now()) > 0)
        (void)hostile_move((int)left);
    assert_in_range(5 * (stage_used() - used), 0, hostile_now() - begin);
    for (i = 0; i < WAITING; i++)
        assert_int_equal(waiting[i]->have, 0);
}

static void full_it_rests_and_goes_on(void **state)
{
    struct guest *waiting[WAITING];
    char          answer[64];
    int           i;

    server = ((const struct row *)*state)->server;
    fill();
    for (i = 0; i < WAITING; i++)
        waiting[i] = waits();
    rests(waiting);
    if (!server->once)
        talks(resident, server->others ? inside[0] : resident);
    for (i = 0; i < WAITING; i++)
        guest_leaves(inside[i]);
    write_answer(answer, sizeof answer, "waits");
    for (i = 0; i < WAITING; i++)
        guest_hears(server->others ? resident : waiting[i], answer);
    talks(resident, waiting[0]);
}

/* One leaves, and the others talk until this one is answered. */
static void takes_place(struct guest *waiting, int i)
{
    char answer[64];
    long begin = hostile_now();
    int  other;

    guest_leaves(inside[i]);
    inside[i] = waiting;
    write_answer(answer, sizeof answer, "waits");
    while (!guest_has_heard(waiting, answer)) {
        for (other = 0; other < INSIDE; other++)
            if (other != i)
                talks(inside[other], resident);
        assert_in_range(hostile_now() - begin, 0, HOSTILE_PATIENCE);
    }
}

static void full_and_busy_it_lets_others_in(void **state)
{
    struct guest *waiting;
    int           i;

    server = ((const struct row *)*state)->server;
    fill();
    for (i = 0; i < INSIDE; i++) {
        waiting = waits();
        talks(inside[i], resident);
        takes_place(waiting, i);
    }
}

#define STATE(...) (&(struct row){__VA_ARGS__})
#define ROW(server, kind)                                                      \
    {                                                                          \
        "at " #server ": beside " #kind, beside, stage_open, stage_close,      \
            STATE(&server, &hostile_##kind)                                    \
    }
#define FULL(test, server)                                                     \
    {                                                                          \
        "at " #server ": " #test, test, stage_open, stage_close,               \
            STATE(&server, NULL)                                               \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTILE_ROWS(ROW, multi_talkback_server),
        HOSTILE_ROWS(ROW, chat_server),
        HOSTILE_ROWS(ROW, whitespace_multi_server),
        HOSTILE_ROWS(ROW, stream_multi_server),
        HOSTILE_ROWS(ROW, echo_many),
        HOSTILE_ROWS(ROW, echo_threads),
        STAGE_ALONE(a_deaf_listener_is_dropped),
        FULL(full_it_rests_and_goes_on, multi_talkback_server),
        FULL(full_it_rests_and_goes_on, chat_server),
        FULL(full_it_rests_and_goes_on, whitespace_multi_server),
        FULL(full_it_rests_and_goes_on, stream_multi_server),
        FULL(full_it_rests_and_goes_on, echo_many),
        FULL(full_it_rests_and_goes_on, echo_threads),
        FULL(full_and_busy_it_lets_others_in, multi_talkback_server),
        FULL(full_and_busy_it_lets_others_in, whitespace_multi_server),
        FULL(full_and_busy_it_lets_others_in, echo_many),
        FULL(full_and_busy_it_lets_others_in, echo_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
