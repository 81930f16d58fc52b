#!/bin/sh
# count.sh BUILD [ROW...] - what repeats: the instructions that a piece of work
# takes outside of the kernel, and its system calls; bare, and by libsock.
#
# Each is the difference of two runs, which cancels setting up. Needs valgrind
# and strace.
#
# SPDX-License-Identifier: MIT
set -eu
bench=$1/tests/bench/sock_bench
shift
[ $# -gt 0 ] || set -- ping-64 bulk-4k bulk-64k lines-8 lines-32 lines-120 \
    wake-10 select-10 select-100 connect datagram-64 burst-1200 handshake \
    tls-bulk-16k

report=$(mktemp)
trap 'rm -f "$report"' EXIT

# run ENGINE ROW COUNT PROGRAM... - below that program.
run() {
    engine=$1 row=$2 count=$3
    shift 3
    "$@" "$bench" --here --engine "$engine" --only "$row" --count "$count"
}

instructions() {
    run "$@" valgrind --tool=callgrind --callgrind-out-file=/dev/null 2>&1 |
        sed -n 's/.*Collected : //p' | tail -n 1
}

system_calls() {
    run "$@" strace -c -o "$report" >/dev/null
    awk '$NF == "total" { print $4 }' "$report"
}

# difference WHAT ENGINE ROW FEW MANY
difference() {
    few=$($1 "$2" "$3" "$4")
    many=$($1 "$2" "$3" "$5")
    awk -v few="$few" -v many="$many" -v ops=$(($5 - $4)) \
        'BEGIN { printf "%.2f", (many - few) / ops }'
}

printf '%-14s %12s %12s %12s   %8s %8s\n' '' instructions libsock added \
    'calls' libsock
for row in "$@"; do
    case $row in
    lines-*) few=10000 many=60000 ;;
    burst-*) few=640 many=6400 ;;
    handshake) few=5 many=25 ;;
    *) few=100 many=600 ;;
    esac
    raw=$(difference instructions raw "$row" $few $many)
    own=$(difference instructions libsock "$row" $few $many)
    raw_calls=$(difference system_calls raw "$row" $few $many)
    own_calls=$(difference system_calls libsock "$row" $few $many)
    printf '%-14s %12s %12s %12s   %8s %8s\n' "$row" "$raw" "$own" \
        "$(awk -v a="$raw" -v b="$own" 'BEGIN { printf "%.2f", b - a }')" \
        "$raw_calls" "$own_calls"
done
