#!/bin/sh
# php_map.sh SOURCE BUILD - docs/php-map.md is whole: no cell of a table is
# empty, libsock's names are those of the headers and the library, and every
# name of PHP's in php_names.txt has its row.
set -u
cd "$1" || exit 1
. tests/lint/names.sh
command -v nm >/dev/null 2>&1 || { echo "SKIPPED: no nm"; exit 77; }
page=docs/php-map.md
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export LC_ALL=C
result=0

# A constant has its row where the page says what it is in C.
awk -v page="$page" '
FILENAME != page { php[$0] = 1; next }
/^#/ { stream = /^#+ Stream/ }
!/^[ \t]*\|/ { row = 0; next }
{
    row++
    line = $0
    gsub(/\\\|/, "", line)
    if (!sub(/^[ \t]*\|/, "", line) || !sub(/\|[ \t]*$/, "", line))
        complain("a row without its ends")
    cells = split(line, cell, "|")
    if (row == 1) { wanted = cells; constants = cell[2] ~ /^ *In C *$/ }
    if (cells != wanted) complain(cells " cells, not " wanted)
    for (i = 1; i <= cells; i++)
        if (cell[i] ~ /^[ \t]*$/) complain("an empty cell")
    if (row < 3) next
    rows++
    if (/not yet/ && !stream) complain("a row outside of streams says not yet")
    spans = split(cell[1], span, "`")
    for (i = 2; i <= spans; i += 2) {
        if (constants && !(span[i] in php)) complain(span[i] " is not in php_names.txt")
        if (constants && span[i] in listed) complain(span[i] " has two rows")
        if (constants) listed[span[i]] = 1
        else named[span[i]] = 1
    }
}
END {
    for (name in php)
        if (!(name ~ /^[A-Z][A-Z0-9]/ ? name in listed : name in named)) {
            print page ": no row for " name
            bad = 1
        }
    if (rows < 200) { print page ": found only " rows + 0 " rows"; bad = 1 }
    exit bad
}
function complain(what) { print page ":" FNR ": " what; bad = 1 }
' tests/lint/php_names.txt "$page" || result=1

# The words of a file, but for the names of headers.
words() { # FILE...
    sed 's/<[^>]*>//g' "$@" | tr -c 'A-Za-z0-9_' '\n' | sort -u
}
public_names >"$tmp/headers"
[ "$(wc -l <"$tmp/headers")" -gt 10 ] || { echo "no names found in the headers"; exit 1; }
cat include/sock/*.h | sed -n 's/.*[ }]\(sock_[a-z0-9_]*_t\);.*/\1/p' | sort -u >"$tmp/types"
words "$page" | grep '^sock_' | comm -23 - "$tmp/types" >"$tmp/page"
words include/sock/*.h >"$tmp/words"
words "$page" | grep '^LIBSOCK_.*[^_]$' | comm -23 - "$tmp/words" >"$tmp/macros"

refuse() { # WHAT, names on standard input
    while read -r name; do
        echo "$page: $name $1"
        result=1
    done
}
comm -23 "$tmp/page" "$tmp/headers" >"$tmp/unknown"
comm -13 "$tmp/page" "$tmp/headers" >"$tmp/missing"
refuse "is in no header" <"$tmp/unknown"
refuse "is in no header" <"$tmp/macros"
refuse "is not on the page" <"$tmp/missing"
if [ -e "$2/libsock.so" ] && ! instrumented "$2"; then
    library_names "$2" | comm -23 "$tmp/page" - >"$tmp/absent"
    refuse "is not in the library" <"$tmp/absent"
fi
exit $result
