#!/bin/sh
# count_calls.sh - how many instructions libsock adds to each call, in user space.
#
#     tests/bench/count_calls.sh build/release/tests/count_calls [WORK...]
#
# A table: instructions per call for the bare call, for libsock, what that adds,
# and for lines glibc's getline(). What is measured is in count_calls.c; two
# counts are run and the difference divided, so that starting up does not count.
#
# SPDX-License-Identifier: MIT
set -eu

program=$1
shift
[ $# -gt 0 ] || set -- $("$program" list)

# collected WORK KIND COUNT - the instructions of that many calls.
collected() {
    LD_BIND_NOW=1 valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        --toggle-collect=measured "$program" "$@" 2>&1 |
        sed -n 's/.*Collected : *\([0-9]*\).*/\1/p'
}

# A round is 64 calls, or 16 KiB of lines.
few_of() {
    case $1 in
    *_8) echo 2048 ;;
    *_32) echo 1024 ;;
    *_120) echo 272 ;;
    *_10 | *_1000 | poll_wait) echo 10 ;;
    *) echo 128 ;;
    esac
}

# per_call WORK KIND
per_call() {
    few=$(few_of "$1")
    less=$(collected "$1" "$2" "$few")
    more=$(collected "$1" "$2" $((3 * few)))
    echo $(((more - less + few) / (2 * few)))
}

printf '%-14s %8s %8s %8s %8s\n' call raw sock added libc
for work in "$@"; do
    raw=$(per_call "$work" raw)
    sock=$(per_call "$work" sock)
    libc=
    case $work in
    gets*) libc=$(per_call "$work" libc) ;;
    esac
    printf '%-14s %8d %8d %8d %8s\n' "$work" "$raw" "$sock" \
        $((sock - raw)) "$libc"
done
