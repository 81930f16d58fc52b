#!/bin/sh
# layers.sh SOURCE - no file includes a layer above its own; each boundary has
# its one owner.
set -u
cd "$1" || exit 1
bad=$(mktemp)
trap 'rm -f "$bad"' EXIT

awk '
BEGIN { rank["base"] = 1; rank["platform"] = 2; rank["core"] = 3; rank["stream"] = 4 }
{ split(FILENAME, part, "/"); layer = part[2] }
/^#include "/ {
    split($2, at, "\""); split(at[2], to, "/")
    if (!(to[1] in rank) || !index(at[2], "/"))
        print FILENAME ": includes " at[2] ", not written from src/"
    else if (rank[to[1]] > rank[layer])
        print FILENAME ": includes " at[2] " from a layer above"
}
/^#include <openssl/ && FILENAME !~ /src\/stream\/tls/ { print FILENAME ": OpenSSL outside stream/tls" }
' src/*/*.[ch] >>"$bad"

# Comments and strings do not count as calls.
for f in src/*/*.[ch]; do
    sed -e 's|"[^"]*"||g' -e 's|/\*.*\*/||g' "$f" | awk -v f="$f" '
    /^ *\/\*/ { inside = 1 }
    !inside && /(^|[^a-z_>.])(recv|recvfrom|recvmsg|recvmmsg|read|poll|select|epoll_wait|accept|accept4|close)\(/ {
        if (f !~ /^src\/platform\//) print f ": system call outside platform: " $0
        if ($0 ~ /(^|[^a-z_])close\(/) closes++
    }
    inside && /\*\// { inside = 0 }
    END { for (i = 0; i < closes; i++) print f > "/dev/stderr" }' >>"$bad" 2>>"$bad.closers"
done
closers=$(cat "$bad.closers" 2>/dev/null | wc -l)
rm -f "$bad.closers"
[ "$closers" = 1 ] || echo "close(2) stands in $closers places, not in one" >>"$bad"

# No function contains a condition of the preprocessor.
awk '
FNR == 1 { body = 0 }
/^{/ { body = 1 }
/^}/ { body = 0 }
body && /^ *# *(if|ifdef|ifndef|elif|else)/ { print FILENAME ":" FNR ": #if inside a function" }
' src/*/*.c >>"$bad"

cat "$bad"
[ ! -s "$bad" ]
