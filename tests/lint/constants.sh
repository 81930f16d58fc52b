#!/bin/sh
# constants.sh SOURCE - the header that docs/php-map.md names for a constant
# declares it, after <sock/sock.h>.
#
# A constant whose remark says that this system lacks it may be there or not;
# if it is, a note tells.
set -u
cd "$1" || exit 1
command -v cc >/dev/null 2>&1 || { echo "SKIPPED: no cc"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
result=0

# One file for each header, so that none declares what another should, and one
# more for what the system may lack.
awk -v tmp="$tmp" '
!/^\|/ { row = 0; next }
{ row++; split($0, cell, /[ \t]*\|[ \t]*/) }
row == 1 { constants = cell[3] == "In C" && cell[4] == "Header" && cell[5] == "Remark" }
!constants || row < 3 { next }
{
    lacks = cell[5] ~ /^Not (on Linux|in Debian 12.s headers): /
    header = cell[4]
    if ((header == "none") != (cell[3] == "none")) complain("a name without its header, or the reverse")
    if (header == "none") next
    if (header !~ /^`<[a-z0-9_\/]+\.h>`$/) { complain("no header: " header); next }
    gsub(/`/, "", header)
    n = split(cell[2], php, "`")
    if (split(cell[3], name, "`") != n) complain("not one name for each of PHP")
    for (i = 2; i <= n; i += 2) {
        tail = php[i]
        sub(/^(SOCKET|STREAM|PHP)_/, "", tail)
        sub(/^CRYPTO_METHOD_/, "CRYPTO_", tail)
        if (n > 3 && substr(name[i], length(name[i]) - length(tail) + 1) != tail)
            complain(php[i] " and " name[i] " in one place")
        use(name[i])
    }
}
END {
    if (count < 200) { print "found only " count + 0 " constants"; bad = 1 }
    print count " constants"
    exit bad
}
function complain(what) { print FILENAME ":" FNR ": " what; bad = 1 }
function use(name,   file, include) {
    file = header (lacks ? " may lack" : "")
    gsub(/[^a-z0-9]/, "_", file)
    file = tmp "/" file ".c"
    include = "#include " header "\n"
    if (lacks) include = "#if __has_include(" header ")\n" include "#endif\n"
    if (!(file in begun)) printf "#include <sock/sock.h>\n%s", include >file
    begun[file] = 1
    if (lacks) printf "#ifdef %s\n#pragma message \"%s is declared here\"\n", name, name >file
    printf "#line %d \"%s\"\nenum { use_%d = (int)(%s) };\n", FNR, FILENAME, ++count, name >file
    if (lacks) print "#endif" >file
}
' docs/php-map.md || result=1

for file in "$tmp"/*.c; do
    cc -std=c11 -D_GNU_SOURCE -Iinclude -Wall -Wextra -fsyntax-only "$file" || result=1
done
exit $result
