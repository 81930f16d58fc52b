/* stream_client.c - says Aloha to a server and shows its lines.
 *
 * The other side of stream_multi_server. The 30 seconds bound the look-up and
 * the connecting together.
 *
 * Try it: ./stream_multi_server 127.0.0.1 8000
 *         and in another terminal: ./stream_client 127.0.0.1 8000
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

int main(int argc, char **argv)
{
    const char *address = "127.0.0.1", *port = "8000";
    char        url[512], line[1024];
    sock_t     *fp;
    ssize_t     n;
    int         code;

    begin(argc, argv, &address, &port);
    snprintf(url, sizeof url, "tcp://%s:%s", address, port);

    fp = sock_stream_client(url, 30000, 0, NULL);
    if (!fp) {
        code = sock_last_error(NULL);
        die("%s (%d)<br />\n", sock_strerror(code), code);
    }
    sock_printf(fp, "Aloha");
    do {
        if ((n = sock_gets(fp, line, sizeof line)) > 0)
            var_dump(line, (size_t)n);
        else
            printf("bool(false)\n");
    } while (n > 0 && !sock_eof(fp));
    sock_close(fp);
    return 0;
}
