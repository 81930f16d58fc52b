/* message.h - what tests of sock/message.h share: messages with a part of their
 * own, pairs of every type, and children.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_MESSAGE_H
#define TESTS_SUPPORT_MESSAGE_H

#include "support/scene.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
    __has_feature(memory_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A count that must be -1, with its reason; an earlier one does not do. */
#define assert_fails(s, result, code)                                          \
    do {                                                                       \
        sock_clear_error(s);                                                   \
        assert_int_equal(result, -1);                                          \
        assert_int_equal(sock_last_error(s), code);                            \
    } while (0)

/* A yes or no of a plain object that must be no, with its reason. */
#define assert_refused(result, code)                                           \
    do {                                                                       \
        sock_clear_error(NULL);                                                \
        assert_false(result);                                                  \
        assert_int_equal(sock_last_error(NULL), code);                         \
    } while (0)

/* Skip the test, and say why. Everything is closed before. */
#define skip_aloud(why)                                                        \
    do {                                                                       \
        print_message("SKIPPED: %s\n", why);                                   \
        skip();                                                                \
    } while (0)

/* ---- pairs ---- */

void udp_pair(sock_t *pair[2]);

struct kind {
    const char *name;
    void (*open)(sock_t *pair[2]);
    bool stream;
    bool is_unix;
};

/* The test, with a new pair of every type. */
typedef void kind_test(sock_t *a, sock_t *b, const struct kind *kind);
void         each_kind(kind_test *test);
void         each_unix_kind(kind_test *test);

/* ---- parts ---- */

/* Cuts bytes into parts as long as the digits of `lengths` say: their count. */
size_t cut(struct iovec *parts, char *bytes, const char *lengths);

/* ---- a message with one part ---- */

sock_message_t *new_message(size_t control_size);

struct letter {
    sock_message_t *m;
    struct iovec    part;
    char            bytes[256];
};

void letter_open(struct letter *l, size_t control_size);
void letter_close(struct letter *l);

/* Write the text into the part. */
void letter_write(struct letter *l, const char *text);

/* Write it, and send it, or receive into the whole of the part. */
ssize_t letter_send(struct letter *l, sock_t *s, const char *text);
ssize_t letter_receive(struct letter *l, sock_t *s, int flags);

/* What was received is this text, from the first byte to the last. */
void letter_is(const struct letter *l, const char *text);

/* Of whom it is. */
void letter_is_from(const struct letter *l, const char *address, int port);

/* "x", with that many descriptors. */
void send_descriptors(sock_t *s, size_t count);

/* The message holds no item of any kind. */
void holds_no_item(sock_message_t *m);

/* ---- children ---- */

/* A child that runs this and exits with 0, or has told what failed. */
typedef void child_fn(void *arg);
pid_t        start_child(child_fn *run, void *arg);
void         child_succeeded(pid_t child);
void         in_child(child_fn *run, void *arg);

/* In a child: no assertion may unwind into its parent's tests. */
#define expect(what)                                                           \
    do {                                                                       \
        if (!(what))                                                           \
            child_failed(__FILE__, __LINE__, #what);                           \
    } while (0)
void child_failed(const char *file, int line, const char *what);

/* In a child: from now on there is no memory to be had. */
void exhaust_memory(void);

/* In a child: from now on this is nobody in particular. */
void become_nobody(void);

#endif
