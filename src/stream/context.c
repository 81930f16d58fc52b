#include "stream/context.h"
#include <errno.h>
sock_context_t *sock_context_create(void)
{
    return NULL;
}
bool sock_context_set_string(sock_context_t *c, const char *option,
                             const char *value)
{
    (void)c;
    (void)option;
    (void)value;
    return false;
}
bool sock_context_set_int(sock_context_t *c, const char *option, long value)
{
    (void)c;
    (void)option;
    (void)value;
    return false;
}
bool sock_context_set_bool(sock_context_t *c, const char *option, bool value)
{
    (void)c;
    (void)option;
    (void)value;
    return false;
}
void sock_context_free(sock_context_t *c)
{
    (void)c;
}
sk_err sk_context_use(sock_context_t *c, sock_context_t **out)
{
    (void)c;
    (void)out;
    return EOPNOTSUPP;
}
sock_context_t *sk_context_share(sock_context_t *c)
{
    return c;
}
void sk_context_release(sock_context_t *c)
{
    (void)c;
}
