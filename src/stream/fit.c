#include "stream/fit.h"
#include <errno.h>
sk_err sk_fit_client(int domain, int type, const struct sk_options *o,
                     struct sk_sock **out)
{
    (void)domain;
    (void)type;
    (void)o;
    (void)out;
    return EOPNOTSUPP;
}
sk_err sk_fit_server(int domain, int type, const struct sk_options *o,
                     struct sk_sock **out)
{
    (void)domain;
    (void)type;
    (void)o;
    (void)out;
    return EOPNOTSUPP;
}
sk_err sk_fit_accepted(struct sk_sock *s, const struct sk_options *o)
{
    (void)s;
    (void)o;
    return EOPNOTSUPP;
}
