#!/bin/sh
# documented.sh SOURCE - README.md and docs/php-map.md name every public
# function.
set -u
cd "$1" || exit 1
. tests/lint/names.sh
result=0
names=$(public_names)
[ -n "$names" ] || { echo "no names found in the headers"; exit 1; }
for name in $names; do
    for page in README.md docs/php-map.md; do
        grep -qw "$name" "$page" || { echo "$page does not name $name"; result=1; }
    done
done
exit $result
