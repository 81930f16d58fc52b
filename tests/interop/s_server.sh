#!/usr/bin/env bash
# s_server.sh SOURCE BUILD - our client talks to openssl s_server.
. "$1/tests/interop/lib.sh"
need openssl timeout stdbuf
make_certificates
sign expired -1 localhost DNS:localhost,IP:127.0.0.1
sign elsewhere 2 elsewhere DNS:elsewhere.example
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=self \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout "$tmp/self.key" -out "$tmp/self.pem" 2>/dev/null
cat "$tmp/self.key" >>"$tmp/self.pem"

s_server() { # NAME OPTION... - starts it with that certificate; sets $port
    local certificate=$1
    shift
    # It ends with its input, which therefore has to stay open.
    start theirs sh -c 'exec 0<>"$0"; exec "$@"' "$tmp/input" \
        stdbuf -oL openssl s_server -accept 127.0.0.1:0 -cert "$tmp/$certificate.pem" "$@"
    await theirs "ACCEPT*" || return
    port=${line##*:}
}
mkfifo "$tmp/input"

say() { # TEXT OPTION... - by talk
    local text=$1
    shift
    printf '%s' "$text" | run "$talk" "tls://127.0.0.1:$port" ssl.cafile "$ca" "$@"
}

for version in 1_2 1_3; do
    dotted=TLSv${version/_/.}

    s_server server -tls$version -rev
    promise "$dotted: lines come back reversed" "$(say $'hello\nworld\n')" \
        "*$dotted resumed=0*certificate=1*olleh*dlrow*exit 0"
    promise "$dotted: sessions go on" "$(say $'again\n' times 3)" \
        "*resumed=0*niaga*resumed=1*niaga*resumed=1*niaga*exit 0"
    promise "$dotted: not if there are no tickets" \
        "$(say $'again\n' times 2 ssl.no_ticket 1)" \
        "*resumed=0*niaga*niaga*exit 0"
    promise "$dotted: by name" "$(printf 'hello\n' |
        run "$talk" "tls://127.0.0.1:$port" ssl.cafile "$ca" ssl.peer_name localhost)" "*olleh*exit 0"
    promise "$dotted: nobody is trusted without a reason" "$(printf 'hello\n' |
        run "$talk" "tls://127.0.0.1:$port")" "*failed 21009*exit 1"
    end theirs

    s_server server -tls$version -www
    got=$(say $'GET / HTTP/1.0\r\n\r\n' all 1)
    promise "$dotted: a page until the server's goodbye" "$got" \
        "*HTTP/1.0 200 ok*$dotted*</pre></*>*exit 0"
    end theirs

    s_server server -tls$version -rev -alpn "h2,http/1.1"
    promise "$dotted: ALPN" "$(say $'hi\n' ssl.alpn_protocols "http/1.1,h2")" \
        "*alpn=h2*ih*exit 0"
    promise "$dotted: no protocol in common" \
        "$(say $'hi\n' ssl.alpn_protocols other)" "*failed 21005*exit 1"
    end theirs

    s_server server -tls$version -rev -Verify 3 -CAfile "$ca" -verify_return_error
    promise "$dotted: a server that wants our certificate gets it" \
        "$(say $'hello\n' ssl.local_cert "$tmp/client.pem")" "*olleh*exit 0"
    promise "$dotted: the key in a file of its own" \
        "$(say $'hello\n' ssl.local_cert "$tmp/client.crt" ssl.local_pk "$tmp/client.key")" \
        "*olleh*exit 0"
    promise "$dotted: without one it refuses" "$(say $'hello\n')" \
        "*failed 2100[67]*exit 1"
    end theirs

    s_server expired -tls$version -rev
    promise "$dotted: an expired certificate" "$(say $'hello\n')" \
        "*failed 21011*CN*localhost*exit 1"
    end theirs

    s_server elsewhere -tls$version -rev
    promise "$dotted: one for another name" "$(say $'hello\n')" \
        "*failed 21013*exit 1"
    promise "$dotted: the name that is expected" \
        "$(say $'hello\n' ssl.peer_name elsewhere.example)" "*olleh*exit 0"
    promise "$dotted: any name, if that is asked for" \
        "$(say $'hello\n' ssl.verify_peer_name 0)" "*olleh*exit 0"
    end theirs

    s_server self -tls$version -rev
    promise "$dotted: one signed by itself" "$(say $'hello\n')" \
        "*failed 21010*exit 1"
    promise "$dotted: if that is allowed" \
        "$(say $'hello\n' ssl.allow_self_signed 1)" "*olleh*exit 0"
    end theirs

    # After one client it ends, and tells what it was sent.
    s_server server -tls$version -naccept 1
    got=$(say $'to them\n' all 1)
    promise "$dotted: our goodbye is answered" "$got" "*exit 0"
    rest theirs
    promise "$dotted: and what came before it has arrived" "$line" "*to them*"

    # Cut off in the middle: killed, it says no goodbye.
    s_server server -tls$version
    start ours "$talk" "tls://127.0.0.1:$port" ssl.cafile "$ca" listen 1
    await ours "$dotted*"
    printf 'half a page\n' >"$tmp/input"
    await ours "half a page"
    kill -KILL "${pid_of[theirs]}"
    rest ours
    promise "$dotted: a stream that was cut off is a failure" "$line
exit $ended" "*failed 21001*exit 1"
    end theirs
done

# New keys in the middle of a stream, which only TLS 1.3 has.
s_server server -tls1_3
start ours "$talk" "tls://127.0.0.1:$port" ssl.cafile "$ca" listen 1
await ours "TLSv1.3*"
printf 'before\n' >"$tmp/input"
await ours "before"
printf 'K\n' >"$tmp/input"
await theirs "SSL_do_handshake -> 1"
printf 'after\n' >"$tmp/input"
await ours "after"
promise "new keys are taken" "$line" after
printf 'k\n' >"$tmp/input"
await theirs "SSL_do_handshake -> 1"
printf 'at last\n' >"$tmp/input"
await ours "at last"
promise "and are taken again" "$line" "at last"
end theirs KILL
rest ours

# TLS 1.2's renegotiation is refused.
s_server server -tls1_2
start ours "$talk" "tls://127.0.0.1:$port" ssl.cafile "$ca" listen 1 limit 2000
await ours "TLSv1.2*"
printf 'before\n' >"$tmp/input"
await ours "before"
printf 'r\n' >"$tmp/input"
await theirs "*no renegotiation*"
promise "renegotiation is refused" "$line" "*no renegotiation*"
end theirs
rest ours
promise "and the client has an error" "$line
exit $ended" "*failed*exit 1"

# No version in common.
s_server server -tls1_2 -rev
promise "TLS 1.3 alone against 1.2" "$(printf 'hello\n' |
    run "$talk" "tlsv1.3://127.0.0.1:$port" ssl.cafile "$ca")" \
    "*failed 21003*exit 1"
end theirs

exit $bad
