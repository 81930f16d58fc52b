#!/bin/sh
# format.sh SOURCE - clang-format has nothing to change.
set -u
cd "$1" || exit 1
command -v clang-format >/dev/null 2>&1 || { echo "SKIPPED: no clang-format"; exit 77; }
find include src examples tests -name '*.[ch]' -print0 |
    xargs -0 clang-format --dry-run -Werror
