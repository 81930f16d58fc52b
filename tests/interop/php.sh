#!/usr/bin/env bash
# php.sh SOURCE BUILD - PHP's clients talk to our server, our client to PHP's
# servers.
. "$1/tests/interop/lib.sh"
need php timeout

ask() { # TEXT URL WAY OPTION... - by PHP
    local text=$1
    shift
    printf '%s' "$text" | run php -n -d display_errors=1 "$here/talk.php" "$@"
}

say() { # TEXT URL OPTION... - by talk
    local text=$1
    shift
    printf '%s' "$text" | run "$talk" "$@"
}

their_server() { # URL OPTION... - its name goes to $name
    start theirs php -n "$here/serve.php" "$@"
    await theirs "*"
    name=$line
    port=${name##*:}
}

# ---- their clients, our server ----

our_server tcp://127.0.0.1:0
promise "stream_socket_client: tcp" \
    "$(ask $'hello\nworld\nquit\n' "tcp://$name" stream)" \
    "plain*hello*world*exit 0"
promise "fsockopen: tcp" \
    "$(ask $'hello\nworld\nquit\n' "tcp://$name" fsockopen)" \
    "plain*hello*world*exit 0"
ask $'shutdown\n' "tcp://$name" stream >/dev/null
our_server_ends "tcp: the server ends"

our_server udp://127.0.0.1:0
promise "stream_socket_client: udp" \
    "$(ask $'hello\nworld\n' "udp://$name" stream)" "*hello*world*exit 0"
end ours

our_server udp://127.0.0.1:0
promise "fsockopen: udp" \
    "$(ask $'hello\nworld\n' "udp://$name" fsockopen)" "*hello*world*exit 0"
end ours

our_server "unix://$tmp/ours"
promise "stream_socket_client: unix" \
    "$(ask $'hello\nworld\nquit\n' "unix://$tmp/ours" stream)" \
    "*hello*world*exit 0"
promise "fsockopen: unix" \
    "$(ask $'hello\nshutdown\n' "unix://$tmp/ours" fsockopen)" "*hello*exit 0"
our_server_ends "unix: the server ends"

# ---- their servers, our client ----

their_server tcp://127.0.0.1:0
promise "PHP's tcp server" "$(say $'hello\nworld\n' "tcp://$name")" \
    "tcp*hello*world*exit 0"
end theirs

their_server "tcp://[::1]:0"
promise "PHP's tcp server, IPv6" "$(say $'hello\n' "tcp://$name")" \
    "*hello*exit 0"
end theirs

their_server udp://127.0.0.1:0
promise "PHP's udp server" "$(say $'hello\nworld\n' "udp://$name")" \
    "*hello*world*exit 0"
end theirs

their_server "unix://$tmp/php"
promise "PHP's unix server" "$(say $'hello\nworld\n' "unix://$tmp/php")" \
    "*hello*world*exit 0"
end theirs

with_tls
php -r 'exit(extension_loaded("openssl") ? 0 : 1);' || exit $bad

for version in 2 3; do
    our_server tlsv1.$version://127.0.0.1:0 ssl.local_cert "$tmp/server.pem"
    promise "stream_socket_client: tls, TLS 1.$version" \
        "$(ask $'hello\nworld\nquit\n' "tls://$name" stream ssl.cafile "$ca")" \
        "TLSv1.$version*hello*world*exit 0"
    promise "stream_socket_client: the name is verified" \
        "$(ask $'quit\n' "tls://$name" stream ssl.cafile "$ca" ssl.peer_name other.example)" \
        "*failed*exit 1"
    promise "stream_socket_client: tls by name" \
        "$(ask $'hello\nshutdown\n' "tls://127.0.0.1:$port" stream ssl.cafile "$ca" ssl.peer_name localhost)" \
        "TLSv1.$version*hello*exit 0"
    our_server_ends "TLS 1.$version: the server ends"

    their_server tlsv1.$version://127.0.0.1:0 ssl.local_cert "$tmp/server.pem"
    promise "PHP's tls server, TLS 1.$version" \
        "$(say $'hello\nworld\n' "tls://$name" ssl.cafile "$ca")" \
        "TLSv1.$version*hello*world*exit 0"
    promise "PHP's tls server: an end that PHP answers" \
        "$(say $'hello\n' "tls://$name" ssl.cafile "$ca" all 1)" "*hello*exit ?"
    end theirs

    their_server tlsv1.$version://127.0.0.1:0 ssl.local_cert "$tmp/server.pem" \
        ssl.verify_peer 1 ssl.cafile "$ca"
    promise "PHP's tls server wants a certificate" \
        "$(say $'hello\n' "tls://$name" ssl.cafile "$ca" ssl.local_cert "$tmp/client.pem")" \
        "TLSv1.$version*hello*exit 0"
    promise "PHP's tls server gets none" \
        "$(say $'hello\n' "tls://$name" ssl.cafile "$ca")" \
        "*exit 1"
    end theirs
done

exit $bad
