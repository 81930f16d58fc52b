#!/bin/sh
# headers.sh SOURCE - every public header compiles alone, as C11, C23 and C++17.
set -u
cd "$1" || exit 1
result=0
tried=0
try() { # COMPILER LANGUAGE STANDARD
    command -v "$1" >/dev/null 2>&1 || { echo "no $1: skipped"; return; }
    for header in include/sock/*.h; do
        tried=$((tried + 1))
        printf '#include <sock/%s>\n#include <sock/%s>\n' "${header##*/}" "${header##*/}" |
            "$1" -x "$2" -std="$3" -Wall -Wextra -Wpedantic -pedantic-errors -Werror \
                -Iinclude -fsyntax-only - || { echo "$header as $3 with $1"; result=1; }
    done
}
try gcc c c11
try gcc c c2x
try g++ c++ c++17
try clang c c11
try clang c c2x
try clang++ c++ c++17
[ "$tried" -gt 0 ] || { echo "SKIPPED: no compiler"; exit 77; }
exit $result
