# names.sh - to be sourced: the public functions, as the headers declare them.
public_names() {
    cat include/sock/*.h | tr '\n' ' ' | sed 's|/\*|\n&|g' |
        sed 's|^/\*.*\*/||' | tr -d '\n' | sed 's/LIBSOCK_API/\n&/g' |
        sed -n 's/^LIBSOCK_API[^(;]*[ *]\(sock_[a-z0-9_]*\)(.*/\1/p' | sort -u
}
