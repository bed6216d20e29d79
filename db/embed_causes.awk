# SPDX-License-Identifier: ISC
# Turns causes.txt into the rows of a C table, each at the place of its cause:
#
#     awk -f embed_causes.awk causes.txt > causes_rows.h
#
# What is wrong in the file stops the build: here what can be seen from its form, and in the compiler,
# at the file's own line, a cause that does not exist or that has two stanzas.

BEGIN {
    count = split("title meaning rule example look_for client server", fields, " ")
    print "/* Made by embed_causes.awk from causes.txt; do not edit. */"
}

/^#/ || /^[ ]*$/ { next }

/^\[[a-z_]+\]$/ {
    finish()
    name = substr($0, 2, length($0) - 2)
    line = FNR
    next
}

name == "" { wrong("a text without a cause") }

/^    / {
    if (field == "")
        wrong("no text that goes on")
    add(substr($0, 5))
    next
}

match($0, /^[a-z_]+:/) {
    field = substr($0, 1, RLENGTH - 1)
    if (!is_field(field))
        wrong("no text of a cause is called " field)
    if (field in texts)
        wrong(name " has a second " field)
    texts[field] = ""
    add(substr($0, RLENGTH + 2))
    next
}

{ wrong("neither a cause, a text, nor a line of one") }

END {
    finish()
    if (failed)
        exit 1
}

function is_field(word,    i)
{
    for (i = 1; i <= count; i++)
        if (fields[i] == word)
            return 1
    return 0
}

# The lines of an example stay lines.
function add(text)
{
    if (texts[field] != "")
        texts[field] = texts[field] (field == "example" ? "\\n" : " ")
    texts[field] = texts[field] escaped(text)
}

function finish(    i)
{
    if (name == "")
        return
    printf "#line %d \"causes.txt\"\n[CAUSE_%s] = {.name = \"%s\"", line, toupper(name), name
    for (i = 1; i <= count; i++) {
        if (!(fields[i] in texts) || texts[fields[i]] == "")
            wrong(name " has no " fields[i])
        printf ", .%s = \"%s\"", fields[i], texts[fields[i]]
        delete texts[fields[i]]
    }
    print "},"
    name = field = ""
}

function wrong(what)
{
    print FILENAME ":" FNR ": " what >"/dev/stderr"
    failed = 1
}

# By hand: what a backslash means in the replacement of gsub() differs between awks.
function escaped(text,    out, i, c)
{
    out = ""
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        out = out (c == "\"" || c == "\\" ? "\\" c : c)
    }
    return out
}
