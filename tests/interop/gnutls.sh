#!/usr/bin/env bash
# gnutls.sh SOURCE BUILD - the other library: gnutls-cli and gnutls-serv.
. "$1/tests/interop/lib.sh"
need gnutls-cli gnutls-serv openssl timeout
make_certificates

gnutls_cli() { # PRIORITY OPTION...
    local priority=$1
    shift
    run gnutls-cli --x509cafile "$ca" --priority "$priority" -p "$port" "$@" \
        localhost
}

say() { # TEXT OPTION... - by talk
    local text=$1
    shift
    printf '%s' "$text" | run "$talk" "tls://127.0.0.1:$port" ssl.cafile "$ca" ssl.peer_name localhost "$@"
}

their_server() { # PRIORITY OPTION...
    local priority=$1 attempt
    shift
    for attempt in 1 2 3; do
        port=$("$free_port")
        start theirs stdbuf -oL gnutls-serv --priority "$priority" -p "$port" \
            --x509certfile "$tmp/server.crt" --x509keyfile "$tmp/server.key" "$@"
        await theirs "*[Ll]istening on IPv4*done*" && break
        end theirs
    done
}

for version in 2 3; do
    priority=NORMAL:-VERS-ALL:+VERS-TLS1.$version
    our_server tls://127.0.0.1:0 ssl.local_cert "$tmp/server.pem" \
        ssl.alpn_protocols "h2,http/1.1"
    got=$(printf 'hello\nquit\n' | gnutls_cli $priority --alpn http/1.1)
    promise "TLS 1.$version: gnutls-cli has its line back" "$got" \
        "*hello*exit 0"
    await ours "TLS*"
    promise "TLS 1.$version: with ALPN" "$line" "TLSv1.$version*alpn=http/1.1*"
    got=$(printf 'quit\n' | gnutls_cli $priority --resume)
    promise "TLS 1.$version: its session goes on" "$got" "*This is a resumed session*"
    end ours

    our_server tls://127.0.0.1:0 ssl.local_cert "$tmp/server.pem" \
        ssl.verify_peer 1 ssl.cafile "$ca"
    got=$(printf 'hello\nquit\n' | gnutls_cli $priority \
        --x509certfile "$tmp/client.crt" --x509keyfile "$tmp/client.key")
    promise "TLS 1.$version: with its certificate" "$got" "*hello*exit 0"
    end ours

    their_server $priority --echo --disable-client-cert
    promise "TLS 1.$version: gnutls-serv" "$(say $'hello\nworld\n')" \
        "TLSv1.$version*hello*world*exit 0"
    promise "TLS 1.$version: its sessions go on" "$(say $'hello\n' times 3)" \
        "*resumed=0*resumed=1*resumed=1*exit 0"
    end theirs

    their_server $priority --echo --require-client-cert --verify-client-cert \
        --x509cafile "$ca"
    promise "TLS 1.$version: it has our certificate" \
        "$(say $'hello\n' ssl.local_cert "$tmp/client.pem")" "*hello*exit 0"
    promise "TLS 1.$version: it wants one" "$(say $'hello\n')" "*failed*exit 1"
    end theirs
done

exit $bad
