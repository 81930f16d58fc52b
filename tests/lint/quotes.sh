#!/bin/sh
# quotes.sh SOURCE - what a page quotes from a file stands there, line by line:
# a block that begins with "```c FILE".
set -u
cd "$1" || exit 1
awk '
FNR == 1 { file = "" }
/^```c [^ ]+$/ { file = $2; quote = ""; first = FNR; next }
/^```/ && file != "" {
    count++
    if (index(text(file), "\n" quote) == 0) {
        print FILENAME ":" first ": is not in " file
        bad = 1
    }
    file = ""
    next
}
file != "" { quote = quote $0 "\n" }
function text(name,   line) {
    if (!(name in texts)) {
        texts[name] = "\n"
        while ((getline line <name) > 0)
            texts[name] = texts[name] line "\n"
        close(name)
    }
    return texts[name]
}
END { print count + 0 " quotes"; exit bad || count < 10 }
' docs/*.md README.md
