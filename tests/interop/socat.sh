#!/usr/bin/env bash
# socat.sh SOURCE BUILD - socat talks to our server, and our client to socat.
. "$1/tests/interop/lib.sh"
need socat timeout

ask() { # TEXT SOCAT-ADDRESS [SECONDS-FOR-THE-ANSWER]
    printf '%s' "$1" | run socat -t "${3:-3}" - "$2"
}

# theirs ADDRESS [PROGRAM] - socat listens and runs it; $port is its port.
listen() {
    start theirs socat -d -d "$1" "${2:-EXEC:cat}"
    await theirs "*listening on*" || return
    port=${line##*:}
}

say() { # TEXT URL OPTION...
    local text=$1
    shift
    printf '%s' "$text" | run "$talk" "$@"
}

# ---- their client, our server ----

our_server tcp://127.0.0.1:0
promise "TCP: a line comes back" "$(ask $'hello\nquit\n' "TCP:127.0.0.1:$port")" \
    "*hello*exit 0"
promise "TCP: a half-closed connection still answers" \
    "$(ask "no line end" "TCP:127.0.0.1:$port")" "*no line end*exit 0"
ask $'shutdown\n' "TCP:127.0.0.1:$port" >/dev/null
our_server_ends "TCP: the server ends" "*tcp*quit*tcp*end*"

our_server "tcp://[::1]:0"
promise "TCP6: a line comes back" "$(ask $'hello\nquit\n' "TCP6:[::1]:$port")" \
    "*hello*exit 0"
end ours

our_server "tcp://*:0"
promise "one server of both families: IPv4" \
    "$(ask $'four\nquit\n' "TCP4:127.0.0.1:$port")" "*four*exit 0"
promise "one server of both families: IPv6" \
    "$(ask $'six\nquit\n' "TCP6:[::1]:$port")" "*six*exit 0"
end ours

our_server udp://127.0.0.1:0
promise "UDP: datagrams come back" \
    "$(ask $'hello\n' "UDP:127.0.0.1:$port" 1)" "*hello*exit 0"
end ours

our_server "unix://$tmp/our file"
promise "UNIX: a line comes back" \
    "$(ask $'hello\nquit\n' "UNIX-CONNECT:$tmp/our file")" "*hello*exit 0"
ask $'shutdown\n' "UNIX-CONNECT:$tmp/our file" >/dev/null
our_server_ends "UNIX: the server ends" "*unix*"

our_server "unix://@libsock-interop-$$"
promise "an abstract name: a line comes back" \
    "$(ask $'hello\nquit\n' "ABSTRACT-CONNECT:libsock-interop-$$")" \
    "*hello*exit 0"
end ours

our_server "udg://$tmp/our datagrams"
promise "UNIX datagrams: one comes back" \
    "$(ask $'hello\n' "UNIX-CLIENT:$tmp/our datagrams,bind=$tmp/their datagrams" 1)" \
    "*hello*exit 0"
end ours

# ---- their server, our client ----

listen TCP-LISTEN:0,bind=127.0.0.1,fork
promise "TCP: our client" "$(say $'hello\nworld\n' "tcp://127.0.0.1:$port")" \
    "*hello*world*exit 0"
promise "TCP: without a scheme" "$(say $'hello\n' "127.0.0.1:$port")" \
    "*hello*exit 0"
promise "TCP: all at once" \
    "$(say $'one\ntwo\n' "tcp://127.0.0.1:$port" all 1)" "*one*two*exit 0"
end theirs

listen TCP6-LISTEN:0,bind=::1,fork
promise "TCP6: our client" "$(say $'hello\n' "tcp://[::1]:$port")" \
    "*hello*exit 0"
end theirs

listen "UNIX-LISTEN:$tmp/their file,fork"
promise "UNIX: our client" "$(say $'hello\n' "unix://$tmp/their file")" \
    "*hello*exit 0"
end theirs

listen "ABSTRACT-LISTEN:libsock-interop-$$,fork"
promise "an abstract name: our client" \
    "$(say $'hello\n' "unix://@libsock-interop-$$")" "*hello*exit 0"
end theirs

# Of UDP it does not tell which port the system gave it.
for attempt in 1 2 3; do
    port=$("$free_port")
    start theirs socat -d -d "UDP-LISTEN:$port,bind=127.0.0.1" PIPE
    await theirs "*socat*" && case $line in *listening*) break ;; esac
    end theirs
done
promise "UDP: our client, try $attempt" "$(say $'hello\nworld\n' "udp://127.0.0.1:$port")" \
    "*hello*world*exit 0"
end theirs

listen TCP-LISTEN:0,bind=127.0.0.1 "SYSTEM:echo the end"
promise "a server that just ends is no failure in the clear" \
    "$(say "" "tcp://127.0.0.1:$port" listen 1)" "*the end*exit 0"
end theirs

with_tls

# ---- TLS: their client, our server ----

secure() { # VERSION - socat's address
    printf '%s' "OPENSSL:127.0.0.1:$port,cafile=$ca,commonname=127.0.0.1"
    printf ',openssl-min-proto-version=TLS1.%d' "$1"
    printf ',openssl-max-proto-version=TLS1.%d' "$1"
}

for version in 2 3; do
    our_server tls://127.0.0.1:0 ssl.local_cert "$tmp/server.pem"
    promise "TLS 1.$version: a line comes back" \
        "$(ask $'hello\nquit\n' "$(secure $version)")" "*hello*exit 0"
    await ours "TLSv1.$version*"
    promise "TLS 1.$version: by that version" "$line" "TLSv1.$version*"
    head -c 200000 /dev/zero | tr '\0' y | fold -w 5000 >"$tmp/large"
    printf '\nshutdown\n' >>"$tmp/large"
    timeout 10 socat -t 3 - "$(secure $version)" <"$tmp/large" >"$tmp/answer"
    promise "TLS 1.$version: 200,000 bytes there and back" \
        "$(tr -cd y <"$tmp/answer" | wc -c)" "200000"
    our_server_ends "TLS 1.$version: the server ends"

    our_server tls://127.0.0.1:0 ssl.local_cert "$tmp/server.pem" \
        ssl.verify_peer 1 ssl.cafile "$ca"
    promise "TLS 1.$version: their certificate" \
        "$(ask $'hello\nquit\n' "$(secure $version),cert=$tmp/client.pem")" \
        "*hello*exit 0"
    await ours "TLSv1.$version*certificate=1"
    end ours
done

# ---- TLS: their server, our client ----

for version in 2 3; do
    listen "OPENSSL-LISTEN:0,bind=127.0.0.1,fork,cert=$tmp/server.pem,cafile=$ca,verify=0,openssl-min-proto-version=TLS1.$version,openssl-max-proto-version=TLS1.$version"
    promise "TLS 1.$version: our client" \
        "$(say $'hello\nworld\n' "tls://127.0.0.1:$port" ssl.cafile "$ca")" \
        "TLSv1.$version*hello*world*exit 0"
    promise "TLS 1.$version: all at once, until their goodbye" \
        "$(say $'one\ntwo\n' "tls://127.0.0.1:$port" ssl.cafile "$ca" ssl.peer_name localhost all 1)" \
        "*one*two*exit 0"
    promise "TLS 1.$version: our goodbye awaits theirs" \
        "$(say $'hello\n' "tls://127.0.0.1:$port" ssl.cafile "$ca" ssl.peer_name localhost awaits 1)" \
        "*hello*exit 0"
    promise "TLS 1.$version: TLS begun later" \
        "$(say $'hello\n' "tcp://127.0.0.1:$port" ssl.cafile "$ca" ssl.peer_name localhost crypto 1)" \
        "TLSv1.$version*hello*exit 0"
    end theirs
done

# ---- what is no TLS ----

listen TCP-LISTEN:0,bind=127.0.0.1 "SYSTEM:echo 220 mail.example ready; cat >/dev/null"
promise "a server that speaks in the clear" \
    "$(say $'hello\n' "tls://127.0.0.1:$port")" "*failed 21002:*exit 1"
end theirs

listen TCP-LISTEN:0,bind=127.0.0.1 "SYSTEM:head -c 100 >/dev/null"
promise "a server that ends in the middle of the handshake" \
    "$(say $'hello\n' "tls://127.0.0.1:$port")" "*failed *exit 1"
end theirs

listen TCP-LISTEN:0,bind=127.0.0.1 "SYSTEM:cat >/dev/null"
promise "a server that says nothing" \
    "$(say $'hello\n' "tls://127.0.0.1:$port" limit 200)" "*failed 110:*exit 1"
end theirs

exit $bad
