<?php
// serve.php URL [wrapper.option value]... - a server in PHP: prints its name;
// of one client after the other each line comes back.
$options = [];
for ($i = 2; $i + 1 < $argc; $i += 2) {
    [$wrapper, $option] = explode('.', $argv[$i]);
    $value = $argv[$i + 1];
    $options[$wrapper][$option] = is_numeric($value) ? (int)$value : $value;
}
$datagram = preg_match('/^ud[pg]:/', $argv[1]);
$flags = STREAM_SERVER_BIND | ($datagram ? 0 : STREAM_SERVER_LISTEN);
$server = stream_socket_server($argv[1], $code, $text, $flags, stream_context_create($options));
if (!$server) {
    echo "failed $code: $text\n";
    exit(1);
}
echo stream_socket_get_name($server, false), "\n";
if ($datagram) {
    while (($text = stream_socket_recvfrom($server, 65536, 0, $peer)) !== false)
        stream_socket_sendto($server, $text, 0, $peer);
    exit;
}
for (;;) {
    if (!($s = @stream_socket_accept($server, 60)))
        continue;
    while (($line = fgets($s)) !== false)
        fwrite($s, $line);
    fclose($s);
}
