/* message.c - what tests of sock/message.h share: messages with a part of their
 * own, pairs of every type, and children.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- pairs ---- */

void udp_pair(sock_t *pair[2])
{
    for (int i = 0; i < 2; i++) {
        pair[i] = sock_create(AF_INET, SOCK_DGRAM, 0);
        assert_true(sock_bind(pair[i], "127.0.0.1", 0));
    }
    assert_true(sock_connect(pair[0], "127.0.0.1", port_of(pair[1])));
    assert_true(sock_connect(pair[1], "127.0.0.1", port_of(pair[0])));
}

static void unix_stream(sock_t *pair[2])
{
    unix_pair(SOCK_STREAM, pair);
}

static void unix_dgram(sock_t *pair[2])
{
    unix_pair(SOCK_DGRAM, pair);
}

static void unix_seqpacket(sock_t *pair[2])
{
    unix_pair(SOCK_SEQPACKET, pair);
}

static const struct kind kinds[] = {
    {"TCP", tcp_pair, true, false},
    {"unix stream", unix_stream, true, true},
    {"UDP", udp_pair, false, false},
    {"unix datagram", unix_dgram, false, true},
    {"seqpacket", unix_seqpacket, false, true},
};

static void with_kind(kind_test *test, const struct kind *kind)
{
    sock_t *pair[2];

    kind->open(pair);
    test(pair[0], pair[1], kind);
    close_pair(pair);
}

void each_kind(kind_test *test)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        with_kind(test, &kinds[i]);
}

void each_unix_kind(kind_test *test)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kinds[i].is_unix)
            with_kind(test, &kinds[i]);
}

/* ---- parts ---- */

size_t cut(struct iovec *parts, char *bytes, const char *lengths)
{
    size_t count = 0;

    for (; lengths[count]; count++) {
        parts[count].iov_base = bytes;
        parts[count].iov_len  = (size_t)(lengths[count] - '0');
        bytes += parts[count].iov_len;
    }
    return count;
}

/* ---- a message with one part ---- */

sock_message_t *new_message(size_t control_size)
{
    sock_message_t *m = sock_message_create(control_size);

    assert_non_null(m);
    return m;
}

void letter_open(struct letter *l, size_t control_size)
{
    memset(l, 0, sizeof *l);
    l->m = new_message(control_size);
}

void letter_close(struct letter *l)
{
    sock_message_free(l->m);
}

void letter_write(struct letter *l, const char *text)
{
    size_t len = strlen(text);

    memcpy(l->bytes, text, len);
    l->part = (struct iovec){l->bytes, len};
    sock_message_set_parts(l->m, &l->part, 1);
}

ssize_t letter_send(struct letter *l, sock_t *s, const char *text)
{
    letter_write(l, text);
    return sock_sendmsg(s, l->m, 0);
}

ssize_t letter_receive(struct letter *l, sock_t *s, int flags)
{
    l->part = (struct iovec){l->bytes, sizeof l->bytes};
    sock_message_set_parts(l->m, &l->part, 1);
    return sock_recvmsg(s, l->m, flags);
}

void letter_is(const struct letter *l, const char *text)
{
    assert_int_equal(sock_message_length(l->m), strlen(text));
    assert_memory_equal(l->bytes, text, strlen(text));
}

void letter_is_from(const struct letter *l, const char *address, int port)
{
    char name[LIBSOCK_ADDRSTRLEN] = "?";
    int  from                     = -1;

    assert_true(sock_message_get_name(l->m, name, sizeof name, &from));
    assert_string_equal(name, address);
    assert_int_equal(from, port);
}

void send_descriptors(sock_t *s, size_t count)
{
    static int    fds[253];
    struct letter l;

    for (size_t i = 0; i < count; i++)
        fds[i] = STDERR_FILENO;
    letter_open(&l, sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, count));
    assert_true(sock_message_add_fds(l.m, fds, count));
    assert_int_equal(letter_send(&l, s, "x"), 1);
    letter_close(&l);
}

void holds_no_item(sock_message_t *m)
{
    sock_credentials_t   who;
    sock_message_error_t error;
    int                  number, fd;

    assert_int_equal(sock_message_take_fds(m, &fd, 1), 0);
    assert_refused(sock_message_get_pktinfo(m, NULL, 0, NULL), ENOMSG);
    assert_refused(sock_message_get_credentials(m, &who), ENOMSG);
    assert_refused(sock_message_get_error(m, &error, sizeof error), ENOMSG);
    assert_refused(sock_message_get_int(m, IPPROTO_IP, IP_TTL, &number),
                   ENOMSG);
}

/* ---- children ---- */

pid_t start_child(child_fn *run, void *arg)
{
    pid_t child = fork();

    if (child)
        return child;
    alarm(60);
    run(arg);
    _exit(0);
}

void child_succeeded(pid_t child)
{
    int status = -1;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

void in_child(child_fn *run, void *arg)
{
    child_succeeded(start_child(run, arg));
}

void child_failed(const char *file, int line, const char *what)
{
    dprintf(STDERR_FILENO, "%s:%d: in a child: %s (error %d)\n", file, line,
            what, sock_last_error(NULL));
    _exit(1);
}

/* The stack does not grow any more either, so it does so before. */
/* Below what calls it, so that what is called there finds it grown. */
static __attribute__((noinline)) void grow_stack(void)
{
    volatile char stack[256 * 1024];

    for (size_t i = 0; i < sizeof stack; i += 1024)
        stack[i] = 0;
}

void exhaust_memory(void)
{
    static void *volatile last;
    const struct rlimit none = {0, 0};

    grow_stack();
    setrlimit(RLIMIT_AS, &none);
    for (size_t size = 1 << 24; size > 4096; size /= 2)
        while ((last = malloc(size)))
            ;
    for (size_t size = 4096; size; size -= 16)
        while ((last = malloc(size)))
            ;
}

void become_nobody(void)
{
    const gid_t nobody = 65534;

    if (geteuid() != 0)
        return;
    expect(setgroups(1, &nobody) == 0);
    expect(setresgid(nobody, nobody, nobody) == 0);
    expect(setresuid(nobody, nobody, nobody) == 0);
}
