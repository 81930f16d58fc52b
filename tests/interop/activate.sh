#!/usr/bin/env bash
# activate.sh SOURCE BUILD - sockets that systemd has opened for our server.
. "$1/tests/interop/lib.sh"
need systemd-socket-activate timeout

# activated OPTION... -- SERVE-ARGUMENT... - systemd listens at $port, and at
# $other; the first client starts the server.
activated() {
    local attempt options=() option
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    for attempt in 1 2 3; do
        port=$("$free_port")
        other=$("$free_port")
        local now=()
        for option in "${options[@]}"; do
            option=${option/PORT/$port}
            now+=("${option/OTHER/$other}")
        done
        start ours systemd-socket-activate "${now[@]}" "$serve" "$@"
        await ours "Listening on*" && return
        end ours
    done
}

say() { # TEXT URL OPTION...
    local text=$1
    shift
    printf '%s' "$text" | run "$talk" "$@"
}

activated -l 127.0.0.1:PORT -- fd://3
promise "fd://3" "$(say $'hello\nworld\n' "tcp://127.0.0.1:$port")" \
    "*hello*world*exit 0"
promise "fd://3: and the next client" "$(say $'again\n' "tcp://127.0.0.1:$port")" \
    "*again*exit 0"
say $'shutdown\n' "tcp://127.0.0.1:$port" >/dev/null
our_server_ends "fd://3: the server ends" "*127.0.0.1:$port*"

activated -l 127.0.0.1:PORT --fdname=web -- fd://web
promise "fd://web" "$(say $'hello\n' "tcp://127.0.0.1:$port")" "*hello*exit 0"
end ours

activated -l 127.0.0.1:PORT -l 127.0.0.1:OTHER --fdname=web:admin -- fd://admin
promise "two sockets, the second by name" \
    "$(say $'hello\n' "tcp://127.0.0.1:$other")" "*hello*exit 0"
end ours

activated -l 127.0.0.1:PORT -l 127.0.0.1:OTHER -- fd://4
promise "two sockets, the second by number" \
    "$(say $'hello\n' "tcp://127.0.0.1:$other")" "*hello*exit 0"
end ours

activated -l "[::1]:PORT" -- fd://3
promise "IPv6" "$(say $'hello\n' "tcp://[::1]:$port")" "*hello*exit 0"
end ours

activated -l "$tmp/activated" -- fd://3
promise "a file" "$(say $'hello\n' "unix://$tmp/activated")" "*hello*exit 0"
end ours

activated --datagram -l 127.0.0.1:PORT -- fd://3
promise "UDP" "$(say $'hello\nworld\n' "udp://127.0.0.1:$port" limit 3000)" \
    "*hello*world*exit 0"
end ours

# The client is refused or hung up on; what counts is what the server says.
activated -l 127.0.0.1:PORT --fdname=web -- fd://other
say $'hello\n' "tcp://127.0.0.1:$port" >/dev/null
rest ours
promise "a name that was not handed over" "$line" "*failed 2:*other*"

activated -l 127.0.0.1:PORT -- fd://4
say $'hello\n' "tcp://127.0.0.1:$port" >/dev/null
rest ours
promise "a number that was not handed over" "$line" "*failed 2:*"

promise "without systemd there is none" "$(run "$serve" fd://3)" \
    "*failed 2:*exit 1"

with_tls

activated -l 127.0.0.1:PORT -- fd://3 crypto 1 ssl.local_cert "$tmp/server.pem"
promise "TLS on what was handed over" \
    "$(say $'hello\n' "tls://127.0.0.1:$port" ssl.cafile "$ca" ssl.peer_name localhost)" \
    "TLSv1.3*hello*exit 0"
end ours

exit $bad
