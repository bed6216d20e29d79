# SPDX-License-Identifier: ISC
# Makes heloscope-schema(5) of the comments in schema.sql and views.sql, so that it cannot say
# anything else than the tables themselves. A column without a comment ends it with an error.
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
        print ".PP\n" said
        said = ""
    }
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
    at = index($0, " -- ")
    if (!at)
        fail("column " table "." $1 " has no comment")
    type = $2
    sub(/,$/, "", type)
    print ".TP\n.BR " $1 " \" (" type ($0 ~ /PRIMARY KEY|NOT NULL/ ? "" : ", may be NULL") ")\""
    print text(substr($0, at + 4))
    next
}

{ said = "" }

END {
    if (failed)
        exit 1
    print ".SH SEE ALSO\n.BR heloscope (1),\n.BR sqlite3 (1)"
}

function heading(name)
{
    if (name != section)
        print ".SH " name
    section = name
}

function part(name)
{
    print ".SS " name
    if (said != "")
        print said
    said = ""
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
