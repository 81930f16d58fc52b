/* get_client.c - asks a web server for its first page and shows 2,045 bytes.
 *
 * MSG_WAITALL has one sock_recv() wait until all of them are there, or until
 * the server has ended the stream; what came by then is never lost. (The
 * request is that of the PHP program; one of your own says Host, and
 * Connection: close lest the server keep the connection and this waits for
 * more.)
 *
 * Try it: python3 -m http.server -b 127.0.0.1 8080
 *         and in another terminal: ./get_client 127.0.0.1 8080
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

int main(int argc, char **argv)
{
    const char *address = "74.125.235.20", *port = "80";
    const char *message = "GET / HTTP/1.1\r\n\r\n";
    char        buf[2045];
    sock_t     *sock;
    ssize_t     n;
    int         code;

    begin(argc, argv, &address, &port);

    if (!(sock = sock_create(AF_INET, SOCK_STREAM, 0))) {
        code = sock_last_error(NULL);
        die("Couldn't create socket: [%d] %s \n", code, sock_strerror(code));
    }
    printf("Socket created \n");

    if (!sock_connect(sock, address, port_number(port))) {
        code = sock_last_error(sock);
        die("Could not connect: [%d] %s \n", code, sock_strerror(code));
    }
    printf("Connection established \n");

    /* Send the message to the server. */
    if (!sock_write_all(sock, message, strlen(message), NULL)) {
        code = sock_last_error(sock);
        die("Could not send data: [%d] %s \n", code, sock_strerror(code));
    }
    printf("Message send successfully \n");

    /* Now receive the reply. */
    if ((n = sock_recv(sock, buf, sizeof buf, MSG_WAITALL)) < 0) {
        code = sock_last_error(sock);
        die("Could not receive data: [%d] %s \n", code, sock_strerror(code));
    }
    fwrite(buf, 1, (size_t)n, stdout);
    sock_close(sock);
    return 0;
}
