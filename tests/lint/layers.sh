#!/bin/sh
# layers.sh SOURCE - no file includes a layer above its own; each boundary has
# its one owner.
set -u
cd "$1" || exit 1
set -- src/*/*.[ch]
[ -e "$1" ] || { echo "no sources found"; exit 1; }

awk '
BEGIN {
    rank["base"] = 1; rank["platform"] = 2; rank["core"] = 3; rank["stream"] = 4
    calls = "recv|recvfrom|recvmsg|recvmmsg|read|readv|preadv|poll|ppoll|select|pselect"
    calls = calls "|epoll_wait|epoll_pwait|accept|accept4|close"
    headers = "^(fcntl|poll|unistd|sys/(epoll|ioctl|select|socket|syscall))[.]h$"
}

FNR == 1 { split(FILENAME, part, "/"); layer = part[2]; comment = body = 0 }
FNR == 1 && !(layer in rank) { complain("src/" layer " is no layer") }

{ code = plain($0) }

# Quotes are gone from code, so includes are read from the line as it is.
code ~ /^[ \t]*#[ \t]*include/ {
    target = $0
    sub(/^[^"<]*/, "", target)
    quoted = target ~ /^"/
    target = substr(target, 2)
    sub(/[">].*$/, "", target)
    split(target, to, "/")
    if (quoted && !(to[1] in rank && index(target, "/")))
        complain("includes " target ", not written from src/")
    else if (quoted && rank[to[1]] > rank[layer])
        complain("includes " target " from a layer above")
    if (target ~ /^openssl\// && FILENAME !~ /^src\/stream\/tls/)
        complain("OpenSSL outside stream/tls")
    if (!quoted && layer != "platform" && target ~ headers)
        complain("includes <" target "> outside platform")
}

/^{/ { body = 1 }
/^}/ { body = 0 }
body && code ~ /^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else)/ { complain("#if inside a function") }

{
    # A bare call: not sk_close(, not ops.close(, not ops->close(.
    while (match(code, "(^|[^A-Za-z0-9_.>])(" calls ")[ \t]*\\(")) {
        call = substr(code, RSTART, RLENGTH)
        code = substr(code, RSTART + RLENGTH)
        gsub(/[^a-z0-9_]/, "", call)
        if (layer != "platform")
            complain("calls " call "(2) outside platform")
        if (call == "close")
            closers++
    }
}

END {
    if (closers != 1)
        complain("close(2) stands in " closers + 0 " places, not in one")
    exit bad
}

function complain(what) {
    print FILENAME ":" FNR ": " what
    bad = 1
}

# The line without its strings and comments; `comment` lasts over lines.
function plain(line,   out, at) {
    out = ""
    for (;;) {
        if (comment) {
            if (!(at = index(line, "*/")))
                return out
            line = substr(line, at + 2)
            comment = 0
        }
        if (!match(line, /"|\/\*/))
            return out line
        out = out substr(line, 1, RSTART - 1)
        line = substr(line, RSTART)
        if (substr(line, 1, 1) != "\"") {
            comment = 1
            line = substr(line, 3)
        } else if (match(line, /^"([^"\\]|\\.)*"/)) {
            line = substr(line, RLENGTH + 1)
        } else {
            line = substr(line, 2)
        }
    }
}
' "$@"
