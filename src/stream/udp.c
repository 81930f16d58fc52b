#include "stream/udp.h"
#include <errno.h>
sk_err sk_udp_serve(struct sk_sock *s)
{
    (void)s;
    return EOPNOTSUPP;
}
