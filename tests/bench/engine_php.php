<?php
// engine_php.php - the work as PHP does it; prints the nanoseconds it took, by
// the clock and of the CPU. engine_php.c runs it:
//
//     engine_php.php WORK SIZE IDLE COUNT EXTRA
//
// SPDX-License-Identifier: MIT

if (!extension_loaded('sockets') || !extension_loaded('openssl'))
    exit(127);
error_reporting(E_ALL);
set_error_handler(function ($level, $text) {
    give_up($text);
});

function give_up(string $text): never
{
    echo strtr($text, "\n", ' ');
    exit(1);
}

function need(bool $ok, string $what): void
{
    $ok || give_up("$what: " . socket_strerror(socket_last_error()));
}

// ---- the time; several pieces are added up ----

function cpu_ns(): int
{
    $used = getrusage();
    return ($used['ru_utime.tv_sec'] + $used['ru_stime.tv_sec']) * 1000000000 +
        ($used['ru_utime.tv_usec'] + $used['ru_stime.tv_usec']) * 1000;
}

function begin(): void
{
    global $cpu, $wall;
    $cpu  = cpu_ns();
    $wall = hrtime(true);
}

function finish(): void
{
    global $cpu, $wall, $took;
    $took[0] = ($took[0] ?? 0) + hrtime(true) - $wall;
    $took[1] = ($took[1] ?? 0) + cpu_ns() - $cpu;
}

// ---- sockets ----

function listen_at(int $port): Socket
{
    $s = socket_create(AF_INET, SOCK_STREAM, SOL_TCP);
    socket_set_option($s, SOL_SOCKET, SO_REUSEADDR, 1);
    socket_bind($s, '127.0.0.1', $port);
    socket_listen($s, 4096);
    return $s;
}

function port_of(Socket $s): int
{
    socket_getsockname($s, $address, $port);
    return $port;
}

function connect_to(int $port): Socket
{
    $s = socket_create(AF_INET, SOCK_STREAM, SOL_TCP);
    socket_connect($s, '127.0.0.1', $port);
    return $s;
}

function pair(): array
{
    $listener = listen_at(0);
    $ends     = [connect_to(port_of($listener)), socket_accept($listener)];
    foreach ($ends as $s)
        socket_set_option($s, SOL_TCP, TCP_NODELAY, 1);
    return $ends;
}

function send_all(Socket $s, string $bytes): void
{
    $size = strlen($bytes);
    while (($n = socket_write($s, $bytes)) < $size) {
        need($n !== false, 'write');
        $bytes = substr($bytes, $n);
        $size -= $n;
    }
}

function recv_all(Socket $s, int $size): string
{
    $bytes = socket_read($s, $size);
    while (strlen($bytes) < $size) {
        $more = socket_read($s, $size - strlen($bytes));
        need($more != '', 'read');
        $bytes .= $more;
    }
    return $bytes;
}

// ---- the works ----

function ping(int $size, int $idle, int $count): void
{
    [$a, $b] = pair();
    $bytes   = str_repeat('x', $size);
    begin();
    for ($i = 0; $i < $count; $i++) {
        send_all($a, $bytes);
        recv_all($b, $size);
        send_all($b, $bytes);
        recv_all($a, $size);
    }
    finish();
}

function bulk(int $size, int $idle, int $count): void
{
    [$a, $b] = pair();
    $bytes   = str_repeat('x', $size);
    begin();
    for ($i = 0; $i < $count; $i++) {
        send_all($a, $bytes);
        recv_all($b, $size);
    }
    finish();
}

function lines(int $size, int $idle, int $count): void
{
    [$a, $b] = pair();
    $line    = str_repeat('x', $size - 1) . "\n";
    $most    = intdiv(131072, $size);
    socket_set_option($a, SOL_SOCKET, SO_SNDBUF, 262144);
    for ($left = $count; $left; $left -= $n) {
        $n = min($left, $most);
        send_all($a, str_repeat($line, $n));
        begin();
        for ($i = 0; $i < $n; $i++)
            if (strlen(socket_read($b, 4096, PHP_NORMAL_READ)) != $size)
                give_up('a line got lost');
        finish();
    }
}

function select(int $size, int $idle, int $count, string $port): void
{
    $all = [];
    for ($i = 0; $i < $idle; $i++)
        $all[] = connect_to((int)$port);
    // The busy one last: the system looks at those behind a ready one with less
    // effort.
    socket_create_pair(AF_UNIX, SOCK_STREAM, 0, $pair);
    [$peer, $all[]] = $pair;
    begin();
    for ($i = 0; $i < $count; $i++) {
        socket_write($peer, 'x');
        $read  = $all;
        $write = $except = null;
        need(socket_select($read, $write, $except, null) === 1, 'select');
        foreach ($read as $s)
            need(socket_read($s, 1) === 'x', 'read');
    }
    finish();
}

function connect(int $size, int $idle, int $count): void
{
    $listener = listen_at(0);
    $port     = port_of($listener);
    begin();
    for ($i = 0; $i < $count; $i++) {
        $a = connect_to($port);
        $b = socket_accept($listener);
        need($b !== false, 'accept');
        socket_close($a);
        socket_close($b);
    }
    finish();
}

function bound(): Socket
{
    $s = socket_create(AF_INET, SOCK_DGRAM, SOL_UDP);
    socket_bind($s, '127.0.0.1', 0);
    socket_set_option($s, SOL_SOCKET, SO_RCVBUF, 1 << 20);
    return $s;
}

function datagram(int $size, int $idle, int $count): void
{
    [$a, $b] = [bound(), bound()];
    $to      = port_of($b);
    $bytes   = str_repeat('x', $size);
    begin();
    for ($i = 0; $i < $count; $i++) {
        socket_sendto($a, $bytes, $size, 0, '127.0.0.1', $to);
        $n = socket_recvfrom($b, $got, 65536, 0, $address, $port);
        socket_sendto($b, $got, $n, 0, $address, $port);
        $n = socket_recvfrom($a, $got, 65536, 0, $address, $port);
        need($n === $size && $port === $to, 'recvfrom');
    }
    finish();
}

function burst(int $size, int $idle, int $count): void
{
    [$a, $b] = [bound(), bound()];
    $to      = port_of($b);
    $bytes   = str_repeat('x', $size);
    begin();
    for ($left = $count; $left > 0; $left -= $n) {
        $n = min($left, 64);
        for ($i = 0; $i < $n; $i++)
            socket_sendto($a, $bytes, $size, 0, '127.0.0.1', $to);
        for ($i = 0; $i < $n; $i++)
            need(socket_recvfrom($b, $got, 2048, 0, $address, $port) === $size,
                'recvfrom');
    }
    finish();
}

function serve(Socket $listener, array &$all, Socket $s): void
{
    if ($s === $listener) {
        $s = socket_accept($listener);
        socket_set_option($s, SOL_TCP, TCP_NODELAY, 1);
        $all[spl_object_id($s)] = $s;
        return;
    }
    $bytes = socket_read($s, 4096);
    if ($bytes == '') {
        unset($all[spl_object_id($s)]);
        socket_close($s);
        return;
    }
    socket_write($s, $bytes);
}

function echo_server(int $size, int $idle, int $count, string $port): void
{
    $listener = listen_at((int)$port);
    $all      = [$listener];
    echo port_of($listener), "\n";
    for (;;) {
        $read  = $all;
        $write = $except = null;
        need(socket_select($read, $write, $except, null) !== false, 'select');
        foreach ($read as $s)
            serve($listener, $all, $s);
    }
}

// ---- TLS ----

function tls_listen(string $pem)
{
    return stream_socket_server('tcp://127.0.0.1:0', $code, $text,
        STREAM_SERVER_BIND | STREAM_SERVER_LISTEN,
        stream_context_create(['socket' => ['tcp_nodelay' => true],
            'ssl' => ['local_cert' => $pem]]));
}

// Both ends shake hands in turn, without waiting, until both have.
function shake($a, $b): void
{
    $client = STREAM_CRYPTO_METHOD_TLSv1_3_CLIENT;
    $server = STREAM_CRYPTO_METHOD_TLSv1_3_SERVER;
    stream_set_blocking($a, false);
    stream_set_blocking($b, false);
    for ($done = [0, 0]; $done !== [true, true];) {
        if ($done[0] !== true)
            $done[0] = stream_socket_enable_crypto($a, true, $client);
        if ($done[1] !== true)
            $done[1] = stream_socket_enable_crypto($b, true, $server);
        if ($done[0] === false || $done[1] === false)
            give_up('handshake');
    }
    stream_set_blocking($a, true);
    stream_set_blocking($b, true);
}

function tls_connect($listener, $context): array
{
    $at = 'tcp://' . stream_socket_get_name($listener, false);
    $a  = stream_socket_client($at, $code, $text, 10, STREAM_CLIENT_CONNECT,
        $context);
    $b  = stream_socket_accept($listener, 10);
    shake($a, $b);
    return [$a, $b];
}

function tls_context(string $pem)
{
    return stream_context_create(
        ['socket' => ['tcp_nodelay' => true],
            'ssl' => ['cafile' => $pem, 'peer_name' => 'localhost']]);
}

function handshake(int $size, int $idle, int $count, string $pem): void
{
    $listener = tls_listen($pem);
    $context  = tls_context($pem);
    begin();
    for ($i = 0; $i < $count; $i++) {
        [$a, $b] = tls_connect($listener, $context);
        fwrite($b, 'x');
        fread($a, 1) === 'x' || give_up('a byte got lost');
        fclose($a);
        fclose($b);
    }
    finish();
}

function tls_bulk(int $size, int $idle, int $count, string $pem): void
{
    [$a, $b] = tls_connect(tls_listen($pem), tls_context($pem));
    stream_set_chunk_size($a, 65536);
    stream_set_chunk_size($b, 65536);
    $bytes   = str_repeat('x', $size);
    begin();
    for ($i = 0; $i < $count; $i++) {
        fwrite($b, $bytes) === $size || give_up('a short write');
        for ($got = 0; $got < $size; $got += $n) {
            $n = strlen(fread($a, $size - $got));
            $n || give_up('bytes got lost');
        }
    }
    finish();
}

function version(): void
{
    echo PHP_VERSION;
    exit(0);
}

[, $work, $size, $idle, $count, $extra] = $argv;
$work = $work === 'echo' ? 'echo_server' : $work;
$work((int)$size, (int)$idle, (int)$count, $extra);
printf("%d %d\n", $took[0], $took[1]);
