/* unix_umask_server.c - a UNIX socket whose file has the permissions you want.
 *
 * The umask holds from the birth of the file: nobody slips in before a chmod()
 * would come. The context's "socket.unix_mode" does the same for one socket.
 *
 * Try it: ./unix_umask_server /tmp/umask.sock 077
 *         and in another terminal: nc -U /tmp/umask.sock
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const char   *path = "/tmp/umask.sock", *mask = "0";
    sock_t       *socket, *conn;
    struct stat   file;
    unsigned long bits;
    char         *end;

    if (argc > 3 || (argc == 2 && strcmp(argv[1], "--help") == 0))
        usage(argv[0], "[PATH [UMASK]]", argc > 3 ? 2 : 0);
    begin(argc, argv, &path, &mask);
    bits = strtoul(mask, &end, 8);
    if (end == mask || *end || bits > 0777)
        usage(argv[0], "[PATH [UMASK]]", 2);

    umask((mode_t)bits);
    socket = sock_create(AF_UNIX, SOCK_STREAM, 0);
    if (!socket || !sock_bind(socket, path, 0) || !sock_listen(socket, 5))
        die("%s\n", sock_last_message(NULL));
    if (stat(path, &file) != 0) /* no file: an abstract name */
        die("%s: %s\n", path, strerror(errno));
    printf("%s %04o\n", path, (unsigned)file.st_mode & 07777);

    if ((conn = sock_accept(socket)))
        sock_printf(conn, "%04o\n", (unsigned)file.st_mode & 07777);
    sock_close(conn);
    sock_close(socket);
    unlink(path);
    return 0;
}
