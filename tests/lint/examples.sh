#!/bin/sh
# examples.sh SOURCE - every example is listed, tells how to try it, and has its
# test.
set -u
cd "$1" || exit 1
result=0
for program in examples/*.c; do
    name=$(basename "$program" .c)
    grep -q "^| \[$name\]($name\.c) |" examples/README.md ||
        { echo "examples/README.md does not list $name"; result=1; }
    sed -n '/\*\//q;p' "$program" | grep -q '^ \* Try it: ' ||
        { echo "$program does not say how to try it"; result=1; }
    [ -e "tests/examples/test_$name.c" ] || [ -e "tests/examples/test_tls_$name.c" ] ||
        { echo "$program has no test"; result=1; }
done
exit $result
