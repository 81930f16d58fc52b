#!/usr/bin/env bash
# s_client.sh SOURCE BUILD - openssl s_client talks to our server.
. "$1/tests/interop/lib.sh"
need openssl timeout
make_certificates
sign other 2 other.example DNS:other.example

s_client() { # OPTION... - sends its input, reads until the end
    run openssl s_client -connect "127.0.0.1:$port" -CAfile "$ca" \
        -verify_return_error -verify_ip 127.0.0.1 -ign_eof "$@"
}

for version in 1_2 1_3; do
    dotted=TLSv${version/_/.}
    our_server tls://127.0.0.1:0 ssl.local_cert "$tmp/server.pem" \
        ssl.alpn_protocols "h2,http/1.1" \
        ssl.SNI_server_certs.other.example "$tmp/other.pem"

    got=$(printf 'hello\nquit\n' | s_client -tls$version -quiet)
    promise "$dotted: s_client has its line back" "$got" "*hello*exit 0"
    await ours "TLS*"
    promise "$dotted: the server sees that version" "$line" "$dotted resumed=0*"

    got=$(printf 'quit\n' | s_client -tls$version -alpn "http/1.1,h2")
    promise "$dotted: the server's first choice by ALPN" "$got" \
        "*ALPN protocol: h2*" "*Verification: OK*"

    got=$(printf 'quit\n' | s_client -tls$version -alpn "none")
    promise "$dotted: no protocol in common is refused" "$got" \
        "*no application protocol*"
    await ours "failed 21005*"

    got=$(printf 'quit\n' | run openssl s_client -connect "127.0.0.1:$port" \
        -tls$version -CAfile "$ca" -servername other.example \
        -verify_hostname other.example -verify_return_error)
    promise "$dotted: the certificate of the name asked for" "$got" \
        "*CN = other.example*" "*Verification: OK*"

    got=$(printf 'quit\n' | run openssl s_client -connect "127.0.0.1:$port" \
        -tls$version -CAfile "$ca" -servername unknown.example)
    promise "$dotted: the usual one for a name nobody knows" "$got" \
        "*CN = localhost*"

    printf 'quit\n' | s_client -tls$version -sess_out "$tmp/session" >/dev/null
    got=$(printf 'quit\n' | s_client -tls$version -sess_in "$tmp/session")
    promise "$dotted: a session goes on" "$got" "*Reused, $dotted*"
    await ours "TLS*resumed=1*"

    # Nothing behind the last line: s_client says goodbye at its input's end.
    got=$(printf 'one\ntwo\nshutdown\n' | s_client -tls$version -quiet)
    promise "$dotted: what was sent before shutdown is answered" "$got" \
        "*one*two*exit 0"
    our_server_ends "$dotted: the server ends when told"
done

# Half-close: s_client says its goodbye and still reads what comes.
for version in 1_2 1_3; do
    our_server tls://127.0.0.1:0 ssl.local_cert "$tmp/server.pem" awaits 1
    got=$(printf 'last' | s_client -tls$version -quiet -no_ign_eof)
    await ours "TLSv*"
    await ours "*"
    promise "TLS $version: a goodbye is an orderly end" "$line" "end"
    end ours
done

# Reconnecting five times, on one server.
our_server tls://127.0.0.1:0 ssl.local_cert "$tmp/server.pem" limit 2000
got=$(printf 'quit\n' | s_client -tls1_2 -reconnect)
promise "s_client -reconnect goes on with its session" "$got" \
    "*Reused, TLSv1.2*Reused, TLSv1.2*Reused, TLSv1.2*"
end ours

# With a client's certificate.
for version in 1_2 1_3; do
    our_server tls://127.0.0.1:0 ssl.local_cert "$tmp/server.pem" \
        ssl.verify_peer 1 ssl.cafile "$ca"
    got=$(printf 'hi\nquit\n' | s_client -tls$version -quiet -cert "$tmp/client.pem")
    promise "TLS $version: a certificate that is signed is let in" "$got" "*hi*exit 0"
    await ours "TLS*"
    promise "TLS $version: the server has it" "$line" "*certificate=1"

    printf 'quit\n' | s_client -tls$version -cert "$tmp/client.pem" \
        -sess_out "$tmp/session" >/dev/null
    got=$(printf 'quit\n' | s_client -tls$version -cert "$tmp/client.pem" \
        -sess_in "$tmp/session")
    promise "TLS $version: its session goes on" "$got" "*Reused*"
    await ours "TLS*resumed=1*"
    promise "TLS $version: and the server still has it" "$line" "*certificate=1"

    got=$(printf 'quit\n' | s_client -tls$version)
    promise "TLS $version: a client without one is refused" "$got" "*alert*"
    await ours "failed 21008*"
    end ours
done

# Versions and ciphers that do not meet.
our_server tlsv1.3://127.0.0.1:0 ssl.local_cert "$tmp/server.pem"
got=$(printf 'quit\n' | s_client -tls1_2)
promise "a server of TLS 1.3 refuses 1.2" "$got" "*alert protocol version*"
await ours "failed 21003*"
end ours

our_server tls://127.0.0.1:0 ssl.local_cert "$tmp/server.pem"
got=$(printf 'quit\n' | s_client -tls1_1 -cipher ALL:@SECLEVEL=0)
promise "a server refuses TLS 1.1" "$got" "*alert protocol version*"
await ours "failed 21003*"
end ours

# A large answer and a large question in one go.
our_server tls://127.0.0.1:0 ssl.local_cert "$tmp/server.pem"
head -c 300000 /dev/zero | tr '\0' 'x' | fold -w 9999 >"$tmp/large"
printf '\nshutdown\n' >>"$tmp/large"
s_client -tls1_3 -quiet <"$tmp/large" >"$tmp/answer"
got=$(tr -cd x <"$tmp/answer" | wc -c)
promise "300,000 bytes there and back" "$got" "30000[0-9]"
our_server_ends "the server ends after them"

exit $bad
