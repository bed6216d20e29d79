# SPDX-License-Identifier: ISC
# Makes heloscope-schema(5) of the comments in schema.sql and views.sql, so that it cannot say
# anything else than the tables themselves. A column without a comment ends it with an error. Columns
# that a later step adds to a table stand with that table.
#
#     awk -f schema_man.awk schema.sql views.sql >heloscope-schema.5

BEGIN {
    print ".\\\" Made by schema_man.awk from schema.sql and views.sql; do not edit."
    print ".TH HELOSCOPE-SCHEMA 5 \"\" \"heloscope\" \"File Formats\""
    print ".SH NAME"
    print "heloscope-schema \\- tables and views of a heloscope history"
    print ".SH DESCRIPTION"
    print "A history is an SQLite database; heloscope(1) writes it, and any SQLite reads it."
}

FNR == 1 { files++; said = "" }

/^-- SPDX/ { next }

# A comment above a statement belongs to it; one that a blank line follows, to the file.
/^--/ {
    line = $0
    sub(/^-- ?/, "", line)
    said = said (line == "" ? "\n.PP\n" : (said == "" || said ~ /\n$/ ? "" : "\n") text(line))
    next
}

/^[ \t]*$/ {
    if (said != "") {
        put(".PP\n" said)
        said = ""
    }
    next
}

/^ALTER TABLE .* ADD COLUMN / {
    said = ""
    column($3, $6, $7)
    next
}

# A table that got another name: what was said of it stays.
/^ALTER TABLE .* RENAME TO / {
    at_hand = $6
    sub(/;$/, "", at_hand)
    for (i = 1; i <= parts; i++)
        if (order[i] == $3)
            order[i] = at_hand
    body[at_hand] = body[$3]
    sub("\n?\\.SS " $3, ".SS " at_hand, body[at_hand])
    delete body[$3]
    put(".PP\n" said)
    said = ""
    next
}

/^CREATE TABLE / {
    heading("TABLES")
    table = $3
    part(table)
    next
}

/^CREATE VIEW / {
    heading("VIEWS")
    if (said == "")
        fail("view " $3 " has no comment")
    part($3)
    next
}

table != "" && /^\)/ { table = ""; next }

table != "" && $1 ~ /^[a-z0-9_]+$/ {
    column(table, $1, $2)
    next
}

{ said = "" }

END {
    if (failed)
        exit 1
    for (i = 1; i <= parts; i++)
        printf "%s", body[order[i]]
    print ".SH SEE ALSO\n.BR heloscope (1),\n.BR sqlite3 (1)"
}

# The page so far ends with the part at hand; each part is kept until the end, since a column may be
# added to it.
function put(line)
{
    if (at_hand == "")
        print line
    else
        body[at_hand] = body[at_hand] line "\n"
}

function heading(name)
{
    title = name == section ? "" : ".SH " name "\n"
    section = name
}

function part(name)
{
    at_hand = name
    order[++parts] = name
    put(title ".SS " name)
    title = ""
    if (said != "")
        put(said)
    said = ""
}

# Of the line at hand: the column `name` of `where`.
function column(where, name, type,    at)
{
    at = index($0, " -- ")
    if (!at)
        fail("column " where "." name " has no comment")
    at_hand = where
    sub(/[,;]$/, "", type)
    put(".TP\n.BR " name " \" (" type ($0 ~ /PRIMARY KEY|NOT NULL/ ? "" : ", may be NULL") ")\"")
    put(text(substr($0, at + 4)))
}

# A line of text that roff takes for nothing else.
function text(line)
{
    gsub(/\\/, "\\e", line)
    gsub(/-/, "\\-", line)
    if (line ~ /^[.']/)
        line = "\\&" line
    return line
}

function fail(what)
{
    print FILENAME ":" FNR ": " what >"/dev/stderr"
    failed = 1
    exit 1
}
