/* hostile.h - clients that mean a server no good, and guests who are to notice
 * nothing of them.
 *
 * They play on the stage of stage.h, all in one loop, hostile_move(): it runs
 * while a test waits for anything. What the hostile send goes out as far as the
 * server takes it, guests take at once what they get, and what the program
 * prints is thrown away. That the program ends fails the test.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "support/stage.h"

/** Milliseconds within which a guest is served, whoever else is there. */
#define HOSTILE_PATIENCE 5000

/** What a hostile client does when it has sent what it wanted to. */
enum hostile_end {
    HOSTILE_STAYS,
    HOSTILE_HALF_CLOSES, /**< and stays */
    HOSTILE_LEAVES,      /**< every other one with a reset */
    HOSTILE_RESETS
};

/** A kind of hostile clients. */
struct hostile {
    int    count; /**< how many there are */
    size_t len;   /**< what each one sends; SIZE_MAX: without end */
    void (*fill)(char *bytes, size_t size); /**< makes that */
    enum hostile_end end;                   /**< and what follows */
    bool             deaf;                  /**< it never reads */
};

/** The kinds; HOSTILE_ROWS has a row of a table, ROW(server, kind), for each.
 */
extern const struct hostile hostile_garbage, hostile_nuls, hostile_long_lines,
    hostile_half_liners, hostile_idlers, hostile_half_closers,
    hostile_resetters, hostile_droppers, hostile_slow_readers;

#define HOSTILE_ROWS(ROW, server)                                              \
    ROW(server, garbage), ROW(server, nuls), ROW(server, long_lines),          \
        ROW(server, half_liners), ROW(server, idlers),                         \
        ROW(server, half_closers), ROW(server, resetters),                     \
        ROW(server, droppers), ROW(server, slow_readers)

/** Forget everybody of the test before: once at the beginning of each. */
void hostile_begin(void);

/** So many of a kind come, and begin. No other kind may be there. */
void hostile_come(const struct hostile *kind, int count);

/** All that are still there leave. */
void hostile_go(void);

/** How many have not seen their connection closed? */
int hostile_left(void);

/** Move everybody once, or wait so long for something to move: did it? */
bool hostile_move(int milliseconds);

/** Go on until the hostile have sent all that the server takes. */
void hostile_rest(void);

/* ---- guests ---- */

/** A client that behaves; its connection is one of the stage's. */
struct guest {
    int    fd;
    bool   ended;       /**< it has seen the end of the stream, or a failure */
    char   heard[4096]; /**< what it got and has not looked at yet */
    size_t have;
};

/** A guest connects, or leaves. */
struct guest *guest_enters(void);
void          guest_leaves(struct guest *g);

/** It says something; hears, after whatever else, exactly this; or the end. */
void guest_says(struct guest *g, const char *text);
void guest_hears(struct guest *g, const char *text);
void guest_hears_end(struct guest *g);

/** Has it heard this by now? Does not wait. */
bool guest_has_heard(struct guest *g, const char *text);

/* ---- the program ---- */

/** How many descriptors does it have whose numbers are below this? */
int hostile_descriptors(int below);

/** Wait until it has so many descriptors, or fail. */
void hostile_await_descriptors(int count);

/** Milliseconds of a clock that only goes forward. */
long hostile_now(void);

#endif
