/* stage.c - an example program on stage. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "stage.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST 128

struct spawn       stage;
struct spawn_place stage_place;

static const char *program;
static int         listener = -1; /* of a client's test */
static int         guests[MOST];  /* connections of the test's, open ones */
static size_t      count;
static const char *variables[8]; /* in the program's environment */
static char        folder[64];   /* where it runs; "": here */

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
    stage_listen();
    stage_start(stage_place.address, stage_place.port, NULL);
    return 0;
}

int stage_open_udp(void **state)
{
    stage_open_server(state);
    return spawn_has_udp(&stage, &stage_place) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *file, int kind,
                      struct FTW *where)
{
    (void)file;
    (void)kind;
    (void)where;
    return remove(path);
}

static void remove_folder(void)
{
    if (*folder)
        nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    *folder = '\0';
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
    remove_folder();
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        variables[i] = NULL;
    return 0;
}

void stage_listen(void)
{
    listener = spawn_occupy(&stage_place, SOCK_STREAM);
    assert_true(listener >= 0);
}

void stage_move_to_ipv6(void)
{
    if (spawn_place_pick6(&stage_place))
        return;
    print_message("SKIPPED: no IPv6\n");
    skip();
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
    assert_true(spawn_start_in(
        &stage, &(struct spawn_setting){*folder ? folder : NULL, variables},
        program, args));
}

void stage_set_variable(const char *variable)
{
    size_t i = 0;

    while (variables[i])
        i++;
    assert_true(i + 1 < sizeof variables / sizeof *variables);
    variables[i] = variable;
}

const char *stage_set_folder(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/libsock-stage-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

void stage_end_silent(void)
{
    assert_int_equal(kill(stage.pid, SIGKILL), 0);
    assert_int_equal(waitpid(stage.pid, NULL, 0), stage.pid);
    stage.pid = 0;
    assert_true(spawn_expect_end(stage.out));
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

int stage_enter_little(void)
{
    return keep(spawn_connect_little(&stage, &stage_place));
}

int stage_receive(void)
{
    return keep(spawn_accept(listener));
}

int stage_join(void)
{
    struct spawn_place own;
    int                fd;

    if (stage_place.any.sa_family == AF_INET6)
        spawn_place_pick6(&own);
    else
        spawn_place_pick(&own);
    fd = keep(spawn_occupy(&own, SOCK_DGRAM));
    assert_int_equal(connect(fd, &stage_place.any, stage_place.size), 0);
    return fd;
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

void stage_listen_at_default(int port)
{
    stage_place.in.sin_port = htons((in_port_t)port);
    (void)snprintf(stage_place.port, sizeof stage_place.port, "%d", port);
    listener = spawn_occupy(&stage_place, SOCK_STREAM);
    if (listener < 0)
        skip();
}

/* ---- the program's time ---- */

void stage_pause(void)
{
    int status;

    assert_int_equal(kill(stage.pid, SIGSTOP), 0);
    assert_int_equal(waitpid(stage.pid, &status, WUNTRACED), stage.pid);
    assert_true(WIFSTOPPED(status));
}

void stage_resume(void)
{
    assert_int_equal(kill(stage.pid, SIGCONT), 0);
}

/* ---- what is said and heard ---- */

__attribute__((format(printf, 2, 0))) static size_t
print(char **text, const char *format, va_list arguments)
{
    int n = vasprintf(text, format, arguments);

    assert_true(n >= 0);
    return (size_t)n;
}

bool stage_send(int fd, const char *format, ...)
{
    va_list arguments;
    size_t  len;
    char   *text;
    bool    sent;

    va_start(arguments, format);
    len = print(&text, format, arguments);
    va_end(arguments);
    sent = spawn_send(fd, text, len);
    free(text);
    return sent;
}

bool stage_expect(int fd, const char *format, ...)
{
    va_list arguments;
    size_t  len;
    char   *text;
    bool    came;

    va_start(arguments, format);
    len = print(&text, format, arguments);
    va_end(arguments);
    came = spawn_expect(fd, text, len);
    free(text);
    return came;
}

void stage_hears_end(int fd)
{
    assert_true(spawn_expect_end(fd));
}

void stage_is_cut(int fd)
{
    assert_true(spawn_expect_cut(fd));
}

void stage_ends(int status)
{
    assert_true(spawn_expect_end(stage.out));
    assert_int_equal(spawn_wait(&stage), status);
}

void stage_refuses(void)
{
    int fd =
        keep(socket(stage_place.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));

    assert_int_equal(connect(fd, &stage_place.any, stage_place.size), -1);
    assert_int_equal(errno, ECONNREFUSED);
}

/* ---- what all programs have in common ---- */

void stage_help(const char *arguments)
{
    stage_start("--help", NULL);
    stage_prints("usage: %s %s\n", program, arguments);
    stage_ends(0);
}

void stage_port_taken(int type, const char *printed, int status)
{
    keep(spawn_occupy(&stage_place, type));
    stage_start(stage_place.address, stage_place.port, NULL);
    stage_prints("%s", printed);
    stage_ends(status);
}

/* Two programs that do this at once share the port; that somebody else has it
 * is as good. */
void stage_default_taken(int type, const char *default_address, int port,
                         const char *printed, int status)
{
    struct sockaddr_in in     = stage_place.in;
    int                shared = 1;
    int                fd     = keep(socket(AF_INET, type | SOCK_CLOEXEC, 0));

    in.sin_port = htons((in_port_t)port);
    if (default_address)
        inet_pton(AF_INET, default_address, &in.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof shared);
    if (bind(fd, (struct sockaddr *)&in, sizeof in) == 0 && type == SOCK_STREAM)
        listen(fd, 5);
    stage_start(default_address ? NULL : stage_place.address, NULL);
    stage_prints("%s", printed);
    stage_ends(status);
}

long stage_used(void)
{
    struct timespec t;
    clockid_t       its;

    assert_int_equal(clock_getcpuclockid(stage.pid, &its), 0);
    clock_gettime(its, &t);
    return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
