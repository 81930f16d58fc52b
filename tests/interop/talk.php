<?php
// talk.php URL WAY [wrapper.option value]... - a client in PHP: sends each line
// of its input, prints what answers it. WAY: stream, or fsockopen.
[, $url, $way] = $argv;
$options = [];
for ($i = 3; $i + 1 < $argc; $i += 2) {
    [$wrapper, $option] = explode('.', $argv[$i]);
    $value = $argv[$i + 1];
    $options[$wrapper][$option] = is_numeric($value) ? (int)$value : $value;
}
$context = stream_context_create($options);
if ($way == 'fsockopen') {
    $at = strrpos($url, ':');
    $port = (int)substr($url, $at + 1);
    $s = $port ? fsockopen(substr($url, 0, $at), $port, $code, $text, 5)
               : fsockopen($url, -1, $code, $text, 5);
} else {
    $s = stream_socket_client($url, $code, $text, 5, STREAM_CLIENT_CONNECT, $context);
}
if (!$s) {
    echo "failed $code: $text\n";
    exit(1);
}
stream_set_timeout($s, 5);
$datagram = preg_match('/^ud[pg]:/', $url);
echo stream_get_meta_data($s)['crypto']['protocol'] ?? 'plain', "\n";
while (($line = fgets(STDIN)) !== false) {
    fwrite($s, $line);
    $answer = $datagram ? fread($s, 65536) : fgets($s);
    if ($answer === false)
        break;
    echo $answer;
}
