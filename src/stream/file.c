#include "stream/file.h"
#include <errno.h>
sk_err sk_file_bind(struct sk_sock *s, const char *path, bool listens,
                    const struct sk_options *o, struct sk_file *out)
{
    (void)s;
    (void)path;
    (void)listens;
    (void)o;
    (void)out;
    return EOPNOTSUPP;
}
void sk_file_remove(const struct sk_file *f)
{
    (void)f;
}
