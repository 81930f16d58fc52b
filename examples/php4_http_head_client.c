/* php4_http_head_client.c - asks a web server for the head of its first page,
 * as PHP 4.0 had it: line by line, and on with it when connecting has failed.
 *
 * Try it: ./php4_http_head_client www.php.net www
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

int main(int argc, char **argv)
{
    const char           *address = "www.php.net", *service_port = "www";
    const char           *in = "HEAD / HTTP/1.0\r\n\r\n";
    char                  out[2048];
    const struct addrinfo hints = {.ai_family   = AF_INET,
                                   .ai_socktype = SOCK_STREAM};
    sock_addrinfo_t      *list;
    sock_addrinfo_info_t  host;
    sock_t               *socket;
    ssize_t               n;

    begin(argc, argv, &address, &service_port);
    printf("<h2>TCP/IP Connection</h2>\n");

    /* Get the port of the WWW service, and the IP address of the host. */
    if (!sock_addrinfo_lookup(address, service_port, &hints, &list))
        die("%s\n", sock_last_message(NULL));
    sock_addrinfo_explain(list, &host, sizeof host);
    sock_addrinfo_free(list);

    socket = sock_create(AF_INET, SOCK_STREAM, 0);
    if (!socket)
        die("socket() a échoué : raison : %s\n",
            sock_strerror(sock_last_error(NULL)));

    printf("Connexion à '%s' on port '%d'...", host.address, host.port);
    if (!sock_connect(socket, host.address, host.port))
        printf("connect()  a échoué : raison : : (-%d) %s\n",
               sock_last_error(socket), sock_strerror(sock_last_error(socket)));
    else
        printf("OK.\n");

    printf("Envoi des entêtes HTTP HEAD...");
    sock_write_all(socket, in, strlen(in), NULL);
    printf("OK.\n");

    printf("Lecture de la réponse :\n\n");
    while ((n = sock_read(socket, out, sizeof out, LIBSOCK_NORMAL_READ)) > 0)
        fwrite(out, 1, (size_t)n, stdout);

    printf("Fermeture de la socket...");
    sock_close(socket);
    printf("OK.\n\n");
    return 0;
}
