#!/bin/sh
# consume.sh SOURCE BUILD - install to a scratch prefix and use it as a stranger
# would: pkg-config and CMake, shared and static, C and C++, with TLS and
# without, and moved elsewhere.
set -eu
source=$1
build=$2
case $(cat "$build/CMakeCache.txt") in
*LIBSOCK_SANITIZE:STRING=[a-z]* | *LIBSOCK_COVERAGE:BOOL=ON*)
    echo "SKIPPED: an instrumented build is not for installing"
    exit 77
    ;;
esac
tls=none
if grep -q '^LIBSOCK_TLS:BOOL=ON' "$build/CMakeCache.txt"; then
    tls=tls
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
prefix=$tmp/first
cmake --install "$build" --prefix "$prefix" >/dev/null
cp "$source/tests/install/consumer.c" "$tmp/consumer.c"
cp "$source/tests/install/CMakeLists.txt.in" "$tmp/CMakeLists.txt"
cc=${CC:-cc}

libs() {
    dirname "$(find "$prefix" -name libsock.a)"
}

use() { # NAME PROGRAM - runs it
    printf '%s: ' "$1"
    shift
    LD_LIBRARY_PATH=$(libs) "$@" "$tls"
}

by_pkg_config() { # NAME COMPILER FLAG...
    name=$1
    shift
    PKG_CONFIG_PATH=$(libs)/pkgconfig
    export PKG_CONFIG_PATH
    # shellcheck disable=SC2046
    "$@" "$tmp/consumer.c" -o "$tmp/$name" $(pkg-config --cflags --libs libsock)
    readelf -d "$tmp/$name" | grep -q 'NEEDED.*libsock.so.0'
    use "$name" "$tmp/$name"
}

by_pkg_config pkg-config-shared "$cc"
if command -v c++ >/dev/null 2>&1; then
    by_pkg_config pkg-config-c++ c++ -x c++ -std=c++17
fi

# Static: take libsock.so out of the way, so that -lsock can only mean the .a.
mkdir "$tmp/hidden"
mv "$(libs)"/libsock.so* "$tmp/hidden"
# shellcheck disable=SC2046
"$cc" "$tmp/consumer.c" -o "$tmp/pkg-config-static" $(pkg-config --static --cflags --libs libsock)
use pkg-config-static "$tmp/pkg-config-static"
# Who links statically needs OpenSSL if the library does, and only then.
needs_openssl() { # PROGRAM
    readelf -d "$1" | grep -q 'NEEDED.*libssl.so'
}
if [ $tls = tls ]; then
    needs_openssl "$tmp/pkg-config-static"
elif needs_openssl "$tmp/pkg-config-static"; then
    echo "a library without TLS asks for OpenSSL"
    exit 1
fi
mv "$tmp/hidden"/* "$(libs)"

cmake -S "$tmp" -B "$tmp/cmake" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" >/dev/null
cmake --build "$tmp/cmake" >/dev/null
use cmake-shared "$tmp/cmake/shared"
use cmake-static "$tmp/cmake/static"
if readelf -d "$tmp/cmake/static" | grep -q 'NEEDED.*libsock'; then
    echo "the static consumer needs libsock.so"
    exit 1
fi

# The installed examples build by themselves: by hand, and by CMake.
examples=$(dirname "$(find "$prefix" -name chat_server.c)")
PKG_CONFIG_PATH=$(libs)/pkgconfig
export PKG_CONFIG_PATH
(
    cd "$examples"
    for program in *.c; do
        [ "$program" = tls_hello_server.c ] && continue # needs -lcrypto, too
        # shellcheck disable=SC2046
        "$cc" "$program" $(pkg-config --cflags --libs libsock) -o "$tmp/by-hand"
    done
)
cmake -S "$examples" -B "$tmp/examples" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" >/dev/null
cmake --build "$tmp/examples" -j 2 >/dev/null
for program in "$examples"/*.c; do
    name=$(basename "$program" .c)
    if [ ! -x "$tmp/examples/$name" ] && [ "$name" != tls_hello_server ]; then
        echo "$name was not built"
        exit 1
    fi
done
"$tmp/examples/free_port" 127.0.0.1 0
echo

mv "$prefix" "$tmp/second"
prefix=$tmp/second
by_pkg_config pkg-config-moved "$cc"
