/* stage.c - an example program on stage. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "stage.h"

#include <sys/socket.h>

#include <unistd.h>

#define MOST 64

struct spawn       stage;
struct spawn_place stage_place;

static const char *program;
static int         listener = -1; /* of a client's test */
static int         guests[MOST];  /* connections of the test's, open ones */
static size_t      count;

void stage_program(const char *path)
{
    program = path;
}

/* ---- beginning and ending ---- */

int stage_open(void **state)
{
    (void)state;
    stage = (struct spawn){.out = -1, .err = -1, .status = -1};
    spawn_place_pick(&stage_place);
    return 0;
}

int stage_open_server(void **state)
{
    stage_open(state);
    stage_start(stage_place.address, stage_place.port, NULL);
    return 0;
}

int stage_open_client(void **state)
{
    stage_open(state);
    listener = spawn_occupy(&stage_place, SOCK_STREAM);
    if (listener < 0)
        return -1;
    stage_start(stage_place.address, stage_place.port, NULL);
    return 0;
}

int stage_close(void **state)
{
    (void)state;
    while (count > 0)
        close(guests[--count]);
    if (listener >= 0)
        close(listener);
    listener = -1;
    spawn_stop(&stage);
    return 0;
}

void stage_start(const char *first, ...)
{
    const char *args[8] = {first};
    size_t      n       = 0;
    va_list     more;

    va_start(more, first);
    while (args[n] && n + 2 < sizeof args / sizeof *args)
        args[++n] = va_arg(more, const char *);
    va_end(more);
    assert_true(spawn_start(&stage, program, args));
}

/* ---- the test's own connections ---- */

static int keep(int fd)
{
    assert_true(fd >= 0);
    assert_true(count < MOST);
    guests[count++] = fd;
    return fd;
}

static void forget(int fd)
{
    size_t i = 0;

    while (i < count && guests[i] != fd)
        i++;
    assert_true(i < count);
    guests[i] = guests[--count];
}

int stage_enter(void)
{
    return keep(spawn_connect(&stage, &stage_place));
}

int stage_receive(void)
{
    return keep(spawn_accept(listener));
}

void stage_leave(int fd)
{
    forget(fd);
    close(fd);
}

void stage_reset(int fd)
{
    forget(fd);
    spawn_reset(fd);
}

/* ---- what all servers have in common ---- */

void stage_port_taken(int type, const char *printed, int status)
{
    int holder = spawn_occupy(&stage_place, type);

    assert_true(holder >= 0);
    keep(holder);
    stage_start(stage_place.address, stage_place.port, NULL);
    assert_true(spawn_expect_text(stage.out, printed));
    assert_true(spawn_expect_end(stage.out));
    assert_int_equal(spawn_wait(&stage), status);
}
