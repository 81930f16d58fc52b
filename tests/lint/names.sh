# names.sh - to be sourced: the public functions, as the headers declare them,
# and as the library exports them.
public_names() {
    cat include/sock/*.h | tr '\n' ' ' | sed 's|/\*|\n&|g' |
        sed 's|^/\*.*\*/||' | tr -d '\n' | sed 's/LIBSOCK_API/\n&/g' |
        sed -n 's/^LIBSOCK_API[^(;]*[ *]\(sock_[a-z0-9_]*\)(.*/\1/p' | sort -u
}

# library_names BUILD - the functions that the built library exports.
library_names() {
    nm -D --defined-only "$1/libsock.so" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
        grep -v -e '^__' -e '^_' | sort -u
}

# instrumented BUILD - does the built library export more than its own?
instrumented() {
    case $(cat "$1/CMakeCache.txt") in
    *LIBSOCK_SANITIZE:STRING=[a-z]* | *LIBSOCK_COVERAGE:BOOL=ON*) ;;
    *) false ;;
    esac
}
