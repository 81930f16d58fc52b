# lib.sh - what the scripts of this folder share. Each is run by bash with the
# source and the build directory, and sources this file.
set -u
here=$1/tests/interop
build=$2
talk=$build/tests/interop_talk
serve=$build/tests/interop_serve
free_port=$build/tests/interop_port
tmp=$(mktemp -d)
bad=0
others=()

finish() {
    local pid
    for pid in "${others[@]}"; do
        kill "$pid" 2>/dev/null
    done
    rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 1' INT TERM

need() { # TOOL...
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null 2>&1 || { echo "SKIPPED: no $tool"; exit 77; }
    done
}

# promise WHAT TEXT PATTERN... - the text matches every pattern of case.
promise() {
    local what=$1 text=$2 pattern
    shift 2
    for pattern in "$@"; do
        # shellcheck disable=SC2254
        case $text in
        $pattern) ;;
        *)
            printf 'FAILED: %s\n  wanted: %s\n  got: %s\n' "$what" "$pattern" "$text"
            bad=1
            return
            ;;
        esac
    done
    printf 'ok: %s\n' "$what"
}

# What follows is about TLS: without it the script ends here.
with_tls() {
    grep -q 'LIBSOCK_TLS:BOOL=ON' "$build/CMakeCache.txt" || exit $bad
    need openssl
    make_certificates
}

# Run a program with a limit; its exit code stands behind what it prints.
run() {
    timeout 10 "$@" 2>&1
    printf '\nexit %d\n' $?
}

# start NAME PROGRAM... - in the background; what it prints comes from
# `line_of NAME`, its process is ${pid_of[NAME]}.
declare -A fd_of pid_of
start() {
    local name=$1 fd
    shift
    exec {fd}< <(exec "$@" 2>&1)
    pid_of[$name]=$!
    fd_of[$name]=$fd
    others+=("$!")
}

# await NAME PATTERN - the next line it prints that matches goes to $line.
await() {
    while IFS= read -r -t 10 line <&"${fd_of[$1]}"; do
        # shellcheck disable=SC2254
        case $line in $2) return 0 ;; esac
    done
    printf 'FAILED: %s never printed %s\n' "$1" "$2"
    bad=1
    line=
    return 1
}

# rest NAME - all that it prints until its end goes to $line, its exit code to
# $ended.
rest() {
    line=$(timeout 10 cat <&"${fd_of[$1]}") ||
        kill -KILL "${pid_of[$1]}" 2>/dev/null
    wait "${pid_of[$1]}" 2>/dev/null
    ended=$?
    forget "$1"
}

forget() { # NAME
    local fd=${fd_of[$1]} keep=() pid
    exec {fd}<&-
    for pid in "${others[@]}"; do
        [ "$pid" = "${pid_of[$1]}" ] || keep+=("$pid")
    done
    others=("${keep[@]}")
    unset "fd_of[$1]" "pid_of[$1]"
}

# end NAME [SIGNAL] - of a server that would not end by itself.
end() {
    kill "-${2:-TERM}" "${pid_of[$1]}" 2>/dev/null
    rest "$1"
}

# our_server OPTION... - starts serve as "ours"; its name goes to $name.
our_server() {
    start ours "$serve" "$@"
    IFS= read -r -t 10 name <&"${fd_of[ours]}" || name=
    port=${name##*:}
    case $name in
    failed* | '')
        printf 'FAILED: serve %s: %s\n' "$*" "$name"
        bad=1
        ;;
    esac
}

# our_server_ends WHAT PATTERN... - it was told to; what it printed matches.
our_server_ends() {
    local what=$1
    shift
    rest ours
    promise "$what" "$line
server exit $ended" "$@" "*server exit 0"
}

# ---- certificates, by the openssl command ----

ca=$tmp/ca.pem

# sign NAME DAYS SUBJECT NAMES - to $tmp/NAME.pem, with its key behind it.
sign() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -subj "/CN=$3" -keyout "$tmp/$1.key" -out "$tmp/$1.csr" 2>/dev/null
    printf 'subjectAltName=%s\n' "$4" >"$tmp/$1.ext"
    openssl x509 -req -in "$tmp/$1.csr" -CA "$ca" -CAkey "$tmp/ca.key" \
        -CAcreateserial -days "$2" -extfile "$tmp/$1.ext" \
        -out "$tmp/$1.crt" 2>/dev/null || { echo "no certificate $1"; exit 1; }
    cat "$tmp/$1.crt" "$tmp/$1.key" >"$tmp/$1.pem"
}

make_certificates() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -days 2 -subj "/CN=interop root" -keyout "$tmp/ca.key" -out "$ca" \
        2>/dev/null || { echo "no root"; exit 1; }
    sign server 2 localhost DNS:localhost,IP:127.0.0.1,IP:::1
    sign client 2 client DNS:client.example
}
