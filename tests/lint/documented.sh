#!/bin/sh
# documented.sh SOURCE - README.md and docs/php-map.md name every public
# function.
set -u
cd "$1" || exit 1
. tests/lint/names.sh
result=0
for name in $(public_names); do
    for page in README.md docs/php-map.md; do
        grep -qw "$name" "$page" || { echo "$page does not name $name"; result=1; }
    done
done
exit $result
