#include <sock/stream.h>
ssize_t sock_gets(sock_t *s, char *buf, size_t size)
{
    (void)s;
    (void)buf;
    (void)size;
    return -1;
}
int sock_stream_get_line(sock_t *s, char *buf, size_t size, const char *ending,
                         size_t *length)
{
    (void)s;
    (void)buf;
    (void)size;
    (void)ending;
    (void)length;
    return -1;
}
ssize_t sock_stream_get_contents(sock_t *s, void *buf, size_t size)
{
    (void)s;
    (void)buf;
    (void)size;
    return -1;
}
ssize_t sock_printf(sock_t *s, const char *format, ...)
{
    (void)s;
    (void)format;
    return -1;
}
bool sock_eof(sock_t *s)
{
    (void)s;
    return true;
}
