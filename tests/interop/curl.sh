#!/usr/bin/env bash
# curl.sh SOURCE BUILD - curl talks to our server, in the clear and by TLS.
. "$1/tests/interop/lib.sh"
need curl timeout

fetch() { # URL-WITHOUT-PORT OPTION...
    local url=$1
    shift
    run curl -sS --noproxy '*' --max-time 8 "$@" "${url/PORT/$port}"
}

our_server tcp://127.0.0.1:0 http 1
promise "a page in the clear" "$(fetch http://127.0.0.1:PORT/)" "*hello*exit 0"
promise "a page that is asked for with a body" \
    "$(fetch http://127.0.0.1:PORT/ -d question)" "*hello*exit 0"
promise "the last page" "$(fetch http://127.0.0.1:PORT/shutdown)" "*hello*exit 0"
our_server_ends "the server ends" "*tcp*"

with_tls

for version in 2 3; do
    our_server tls://127.0.0.1:0 http 1 ssl.local_cert "$tmp/server.pem" \
        ssl.alpn_protocols "http/1.1"
    promise "TLS 1.$version: a page" \
        "$(fetch https://localhost:PORT/ --cacert "$ca" --tlsv1.$version --tls-max 1.$version)" \
        "*hello*exit 0"
    await ours "TLSv1.$version*"
    promise "TLS 1.$version: by that version, with ALPN" "$line" \
        "*alpn=http/1.1*"
    promise "TLS 1.$version: two pages" \
        "$(fetch https://127.0.0.1:PORT/ --cacert "$ca" --tls-max 1.$version "https://127.0.0.1:$port/b")" \
        "*hello*hello*exit 0"
    promise "TLS 1.$version: nobody is trusted without a reason" \
        "$(fetch https://localhost:PORT/ --tls-max 1.$version)" "*exit 60"
    await ours "failed 21007*"
    promise "TLS 1.$version: a request in the clear is refused" \
        "$(fetch http://127.0.0.1:PORT/)" "*exit [0-9]*"
    await ours "failed 21002*"
    promise "TLS 1.$version: the last page" \
        "$(fetch https://localhost:PORT/shutdown --cacert "$ca" --tls-max 1.$version)" \
        "*hello*exit 0"
    our_server_ends "TLS 1.$version: the server ends"
done

# With a client's certificate.
our_server tls://127.0.0.1:0 http 1 ssl.local_cert "$tmp/server.pem" \
    ssl.verify_peer 1 ssl.cafile "$ca"
promise "a client's certificate" \
    "$(fetch https://localhost:PORT/ --cacert "$ca" --cert "$tmp/client.pem")" \
    "*hello*exit 0"
await ours "TLS*"
promise "which the server has" "$line" "*certificate=1"
promise "without one there is no page" \
    "$(fetch https://localhost:PORT/ --cacert "$ca")" "*exit 56"
await ours "failed 21008*"
end ours

exit $bad
