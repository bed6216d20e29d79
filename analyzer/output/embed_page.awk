# SPDX-License-Identifier: ISC
# Turns the sources of the report's page into C strings, line by line, as they are:
#
#     awk -f embed_page.awk page.html page.css page.js > page_text.h
#
# page.css becomes page_css.

BEGIN {
    print "/* Made by embed_page.awk from the files beside it; do not edit. */"
}

FNR == 1 {
    close_string()
    name = FILENAME
    sub(/^.*\//, "", name)
    sub(/\./, "_", name)
    printf "\nstatic const char %s[] =", name
    open = 1
}

{ printf "\n    \"%s\\n\"", escaped($0) }

END { close_string() }

function close_string()
{
    if (open)
        print ";"
    open = 0
}

# By hand: what a backslash means in the replacement of gsub() differs between awks. A question mark
# could begin a trigraph.
function escaped(line,    out, i, c)
{
    out = ""
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        out = out (c == "\"" || c == "\\" || c == "?" ? "\\" c : c)
    }
    return out
}
