#!/usr/bin/env bash
# netcat.sh SOURCE BUILD - nc talks to our server, and our client to nc.
. "$1/tests/interop/lib.sh"
need nc timeout
nc -h 2>&1 | grep -q OpenBSD || { echo "SKIPPED: another nc"; exit 77; }

our_server tcp://127.0.0.1:0
promise "nc: lines come back" \
    "$(printf 'hello\nquit\n' | run nc 127.0.0.1 "$port")" "*hello*exit 0"
promise "nc -N: a half-closed connection still answers" \
    "$(printf 'last' | run nc -N 127.0.0.1 "$port")" "*last*exit 0"
promise "nc -C: line ends of two bytes" \
    "$(printf 'hello\nquit\n' | run nc -C 127.0.0.1 "$port")" $'*hello\r*exit 0'
promise "nc -z: a client that says nothing" "$(run nc -z 127.0.0.1 "$port")" \
    "*exit 0"
if command -v telnet >/dev/null; then
    mkfifo "$tmp/input"
    start theirs sh -c 'exec 0<>"$0"; exec telnet 127.0.0.1 "$1"' \
        "$tmp/input" "$port"
    await theirs "Connected to 127.0.0.1*"
    printf 'hello\nquit\n' >"$tmp/input"
    await theirs "hello*" && promise "telnet: lines come back" "$line" "hello*"
    rest theirs
fi
printf 'shutdown\n' | run nc 127.0.0.1 "$port" >/dev/null
our_server_ends "the server ends"

for attempt in 1 2 3; do
    port=$("$free_port")
    start theirs nc -v -n -l 127.0.0.1 "$port"
    await theirs "*" && case $line in Listening*) break ;; esac
    end theirs
done
got=$(printf 'to them' | run "$talk" "tcp://127.0.0.1:$port" all 1)
promise "nc -l: our client, try $attempt" "$got" "*exit 0"
rest theirs
promise "nc -l: what it was sent" "$line" "*to them"

start theirs nc -v -U -l "$tmp/nc"
await theirs "Listening*" # it says first what it is bound to
got=$(printf 'to them' | run "$talk" "unix://$tmp/nc" all 1)
promise "nc -U -l: our client" "$got" "*exit 0"
rest theirs
promise "nc -U -l: what it was sent" "$line" "*to them"

exit $bad
