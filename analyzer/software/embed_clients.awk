# SPDX-License-Identifier: ISC
# Turns clients.tsv into the rows of a C table:
#
#     awk -f embed_clients.awk clients.tsv > clients_rows.h

BEGIN {
    FS = "\t"
    print "/* Made by embed_clients.awk from clients.tsv; do not edit. */"
}

/^#/ || /^[ ]*$/ { next }

NF != 5 { wrong(NF " columns instead of 5") }
$1 == "" || $2 == "" || $3 == "" || $4 == "" || $5 == "" { wrong("an empty column") }
/["\\]/ { wrong("a quote or a backslash") }
{ printf "{\"%s\", \"%s\", \"%s\", \"%s\", \"%s\"},\n", $1, $2, $3, $4, $5 }

END {
    if (failed)
        exit 1
}

function wrong(what)
{
    print FILENAME ":" FNR ": " what >"/dev/stderr"
    failed = 1
}
