/* test_hostile_turns.c - a server of one client at a time serves the next one
 * as soon as a hostile one has gone, whatever that one did.
 */
#include "support/hostile.h"

#include <limits.h>

/* As many come at once as wait in a short listen queue. */
#define BATCH 4

/* What a guest says, hears first and then; the connection is closed then, or
 * when the guest leaves. */
struct server {
    const char *program;
    const char *first;
    const char *says;
    const char *then;
    bool        closes;
};

static const struct server talkback_server = {
    EXAMPLES_DIR "/talkback_server", "'shutdown'.\n", "hello\n",
    "PHP: You said 'hello'.\n", false};
static const struct server live_server = {EXAMPLES_DIR "/live_server", "",
                                          "hello", "OK .. hello", true};
static const struct server daytime_tcp_server = {
    EXAMPLES_DIR "/daytime_tcp_server", "L'heure locale est ", "", "\n", true};

struct row {
    const struct server  *server;
    const struct hostile *kind;
};

/* The answer to a guest who said something, soon; how many descriptors the
 * program has then, beside the guest's. */
static int is_served(const struct server *server, struct guest *g)
{
    int descriptors;

    guest_hears(g, server->first);
    guest_hears(g, server->then);
    if (server->closes)
        guest_hears_end(g);
    descriptors = hostile_descriptors(INT_MAX) - !server->closes;
    guest_leaves(g);
    return descriptors;
}

static struct guest *comes(const struct server *server)
{
    struct guest *g = guest_enters();

    if (*server->says)
        guest_says(g, server->says);
    return g;
}

/* They may hold the server up as long as they are there; half of a connection
 * is not there. */
static void before(void **state)
{
    const struct row *row = *state;
    struct guest     *next;
    int               descriptors, total, batch;

    hostile_begin();
    stage_program(row->server->program);
    stage_start(stage_place.address, stage_place.port, NULL);
    descriptors = is_served(row->server, comes(row->server));
    total       = row->kind->count;
    if (row->kind->deaf) /* one batch fills what there is to fill */
        total = BATCH;
    for (; total > 0; total -= batch) {
        batch = total < BATCH ? total : BATCH;
        hostile_come(row->kind, batch);
        next = comes(row->server);
        hostile_rest();
        if (row->kind->end != HOSTILE_HALF_CLOSES)
            hostile_go();
        assert_int_equal(is_served(row->server, next), descriptors);
        hostile_go();
    }
}

#define STATE(...) (&(struct row){__VA_ARGS__})
#define ROW(server, kind)                                                      \
    {                                                                          \
        "before a guest of " #server ": " #kind, before, stage_open,           \
            stage_close, STATE(&server, &hostile_##kind)                       \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTILE_ROWS(ROW, talkback_server),
        HOSTILE_ROWS(ROW, live_server),
        HOSTILE_ROWS(ROW, daytime_tcp_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
