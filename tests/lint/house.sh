#!/bin/sh
# house.sh SOURCE - a function reads in one pass, a file has one subject.
set -u
cd "$1" || exit 1
awk '
FNR == 1 { if (lines > 450) print last ": " lines " lines"; body = 0 }
{ lines = FNR; last = FILENAME }
/^{/ { start = FNR; body = 1 }
/^}/ { if (body && FNR - start > 60) { print FILENAME ":" start ": a function of " FNR - start " lines"; bad = 1 }; body = 0 }
FNR == 451 { print FILENAME ": over 450 lines"; bad = 1 }
END { exit bad }
' src/*/*.[ch]
