# SPDX-License-Identifier: ISC
# Turns SQL files into C strings:
#
#     awk -f embed_sql.awk schema.sql views.sql > schema_sql.h
#
# x.sql becomes x_sql. Comments at the start of a line are dropped; those inside a table's
# parentheses are kept, since SQLite keeps them too and `.schema` shows them.

BEGIN {
    print "/* Made by embed_sql.awk from the .sql files beside it; do not edit. */"
}

FNR == 1 {
    close_string()
    name = FILENAME
    sub(/^.*\//, "", name)
    sub(/\.sql$/, "", name)
    printf "\nstatic const char %s_sql[] =", name
    open = 1
}

/^--/ { next }
/^[ \t]*$/ { next }
{ printf "\n    \"%s\\n\"", escaped($0) }

END { close_string() }

function close_string()
{
    if (open)
        print ";"
    open = 0
}

# By hand: what a backslash means in the replacement of gsub() differs between awks.
function escaped(line,    out, i, c)
{
    out = ""
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        out = out (c == "\"" || c == "\\" ? "\\" c : c)
    }
    return out
}
