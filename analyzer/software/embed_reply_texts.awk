# SPDX-License-Identifier: ISC
# Turns reply_texts.tsv into the rows of a C table:
#
#     awk -f embed_reply_texts.awk reply_texts.tsv > reply_texts.h
#
# What is wrong in the file stops the build: here what can be seen from the columns, and in the
# compiler, at the file's own line, a verb or a cause that does not exist.

BEGIN {
    FS = "\t"
    print "/* Made by embed_reply_texts.awk from reply_texts.tsv; do not edit. */"
}

/^#/ || /^[ ]*$/ { next }

NF != 6 { wrong(NF " columns instead of 6") }
$2 !~ /^[45][0-9][0-9]$/ { wrong("the code is no refusal: " $2) }
$3 !~ /^(-|[45]\.[0-9]+\.[0-9]+)$/ { wrong("no enhanced code: " $3) }
$1 == "" || $4 == "" || $5 == "" { wrong("an empty column") }
$6 !~ /^[a-z_]+$/ { wrong("no cause: " $6) }
{
    printf "#line %d \"reply_texts.tsv\"\n", FNR
    printf "{\"%s\", \"%s\", \"%s\", %s, CAUSE_%s, %d},\n",
        escaped($1), $3, escaped($4), verbs($5), toupper($6), $2
}

END {
    if (failed)
        exit 1
}

function wrong(what)
{
    print FILENAME ":" FNR ": " what >"/dev/stderr"
    failed = 1
}

# "MAIL RCPT" becomes "V(MAIL) | V(RCPT)".
function verbs(list,    out, word, n, i)
{
    out = ""
    n = split(list, word, " ")
    for (i = 1; i <= n; i++) {
        if (word[i] == "greeting" || word[i] == "other")
            word[i] = "UNKNOWN"
        out = out (i > 1 ? " | " : "") (word[i] == "*" ? "ANY_VERB" : "V(" word[i] ")")
    }
    return out
}

# By hand: what a backslash means in the replacement of gsub() differs between awks. "\n" is C's
# already.
function escaped(text,    out, i, c)
{
    out = ""
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "\"" || (c == "\\" && substr(text, i + 1, 1) != "n"))
            c = "\\" c
        out = out c
    }
    return out
}
