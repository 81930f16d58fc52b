#!/bin/sh
# exports.sh SOURCE BUILD - what the headers declare, what the map lists and
# what the library exports are the same.
set -u
cd "$1" || exit 1
. tests/lint/names.sh
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
public_names >"$tmp/headers"
sed -n 's/^ *\(sock_[a-z0-9_]*\);.*/\1/p' cmake/libsock.map | sort -u >"$tmp/map"
library_names "$2" >"$tmp/library"
[ "$(wc -l <"$tmp/headers")" -gt 10 ] || { echo "no names found in the headers"; exit 1; }
result=0
# Only whole names: a pattern would export what no header declares.
sed -e 's|/\*.*\*/||' cmake/libsock.map | awk '
    !/^ *($|LIBSOCK_[0-9.]+ *\{|global:|local:|\*;|sock_[a-z0-9_]+;|\}( LIBSOCK_[0-9.]+)?;)/ {
        print "libsock.map: not a name: " $0; bad = 1 }
    END { exit bad }' || result=1
diff "$tmp/headers" "$tmp/map" || { echo "headers (<) and map (>) differ"; result=1; }
instrumented "$2" || diff "$tmp/headers" "$tmp/library" ||
    { echo "headers (<) and library (>) differ"; result=1; }
exit $result
