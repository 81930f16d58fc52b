/* control.h - what travels beside a message's bytes, in the system's own form.
 *
 * Items are added behind one another, never removed; all of them go at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_PLATFORM_CONTROL_H
#define SK_PLATFORM_CONTROL_H

#include "platform/plat.h"

#include <sock/message.h>

/* Most descriptors that the system lets travel with one message. */
#define SK_CONTROL_FDS 253u

/* Stands for a descriptor that is not known yet, or was taken. */
#define SK_CONTROL_NO_FD (-1)

/* Room that sk_control_answer() can need. */
#define SK_CONTROL_ANSWER 64u

struct sk_control {
    unsigned char *bytes; /* aligned as malloc() does */
    size_t         room;
    size_t         size; /* bytes in use */
};

/* Room of an item; 0: unknown pair, or out of range. */
size_t sk_control_space(int level, int type, size_t count);

/* Each adds an item, or leaves all as it was: EINVAL, ENOBUFS. Without bytes
 * they only tell whether it could be added. */
sk_err sk_control_add_int(struct sk_control *c, int level, int type, int value);
sk_err sk_control_add_fds(struct sk_control *c, const int *fds, size_t count);
sk_err sk_control_add_pktinfo(struct sk_control    *c,
                              const struct sk_addr *source, unsigned index);
sk_err sk_control_add_credentials(struct sk_control        *c,
                                  const sock_credentials_t *who);

/* Each finds the first such item: ENOMSG, and EINVAL for an unknown pair. */
sk_err sk_control_get_int(const struct sk_control *c, int level, int type,
                          int *value);
sk_err sk_control_get_pktinfo(const struct sk_control *c, struct sk_addr *own,
                              unsigned *index);
sk_err sk_control_get_credentials(const struct sk_control *c,
                                  sock_credentials_t      *who);

/* All but the offender's text, which is an address. */
sk_err sk_control_get_error(const struct sk_control *c,
                            sock_message_error_t    *out,
                            struct sk_addr          *offender);

/* The n-th descriptor in order, from 0; false: there are not so many. */
bool sk_control_fd(const struct sk_control *c, size_t n, int *fd);
void sk_control_set_fd(struct sk_control *c, size_t n, int fd);

/* Close all descriptors that were received and not taken. */
void sk_control_close_fds(struct sk_control *c);

/* Of what was received, what an answer needs to leave from the address that was
 * asked; nothing if that is not told. */
void sk_control_answer(const struct sk_control *received,
                       struct sk_control       *out);

/* Add the items to out but those of this kind; false if one did not fit. */
bool sk_control_copy_others(const struct sk_control *c, int level, int type,
                            struct sk_control *out);

/* Can a socket of `domain`, a stream or not, send all these items? The system
 * drops those it cannot without a word. */
bool sk_control_suits(const struct sk_control *c, int domain, bool stream);

#endif
