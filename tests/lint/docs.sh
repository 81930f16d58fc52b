#!/bin/sh
# docs.sh SOURCE - every public function has its doc comment: its PHP
# counterpart, each parameter, what it returns.
set -u
cd "$1" || exit 1
awk '
FNR == 1 { comment = ""; declaration = "" }
/^\/\*\*/ { comment = ""; inside = 1 }
inside { comment = comment $0 "\n"; if (/\*\//) inside = 0; next }
/^[ \t]*LIBSOCK_API[ \t]/ { declaration = "" ; open = 1 }
open { declaration = declaration " " $0 }
open && /;/ { open = 0; check(); comment = ""; next }
# Anything between parts a comment from the declaration.
!open { comment = "" }
function check(   name, list, n, i, words, w, part, parameter, wanted) {
    count++
    match(declaration, /sock_[a-z0-9_]+\(/)
    name = substr(declaration, RSTART, RLENGTH - 1)
    list = substr(declaration, RSTART + RLENGTH)
    sub(/\).*$/, "", list)
    if (comment == "") { print FILENAME ": " name " has no doc comment"; bad = 1; return }
    if (comment !~ /PHP:/) { print FILENAME ": " name " names no PHP counterpart"; bad = 1 }
    if (comment !~ /@return/) { print FILENAME ": " name " does not say what it returns"; bad = 1 }
    n = split(list, words, ",")
    for (i = 1; i <= n; i++) {
        parameter = words[i]
        sub(/\[[0-9]*\] *$/, "", parameter)
        sub(/ *$/, "", parameter)
        w = split(parameter, part, /[ *]+/)
        parameter = part[w]
        if (parameter == "void" || parameter == "" || parameter == "...") continue
        wanted++
        if (comment !~ ("@param " parameter "[ \n]")) { print FILENAME ": " name " does not explain " parameter; bad = 1 }
    }
    if (gsub(/@param /, "&", comment) > wanted) { print FILENAME ": " name " explains a parameter it has not"; bad = 1 }
}
END { if (count < 10) { print "found only " count + 0 " declarations"; bad = 1 }
      print count " public functions"; exit bad }
' include/sock/*.h
