# SPDX-License-Identifier: ISC
# Makes heloscope-atlas(7) of clients.tsv, so that it cannot say anything else than the table.
#
#     awk -f atlas_man.awk clients.tsv >heloscope-atlas.7

BEGIN {
    FS = "\t"
    print ".\\\" Made by atlas_man.awk from clients.tsv; do not edit."
    print ".TH HELOSCOPE-ATLAS 7 \"\" \"heloscope\" \"Miscellaneous Information\""
    print ".SH NAME"
    print "heloscope-atlas \\- what real SMTP clients do when a server refuses them"
    print ".SH DESCRIPTION"
    print "Each client sent one message for two recipients to a server that offers PIPELINING, SIZE,"
    print "8BITMIME, DSN, SMTPUTF8 and CHUNKING"
    print ".RB ( plain :"
    print "nothing) and refuses one step. Shown is what the client sent from there on. A plus joins what did"
    print "not wait for the reply to its predecessor, a double slash the connections that it made."
    print ".B heloscope explain \\-\\-client"
    print ".I NAME"
    print "prints the same of one client."
    print ".SH CLIENTS"
}

/^#/ || /^[ ]*$/ { next }

$1 != client || $2 != version {
    client = $1
    version = $2
    print ".SS " text(client " " version)
    print "From " text($3) "."
}

{ print ".TP 18\n.B \"" text($4) "\"\n" text($5) }

END { print ".SH SEE ALSO\n.BR heloscope (1)" }

# Nothing in it is a request of troff.
function text(words)
{
    gsub(/\\/, "\\e", words)
    gsub(/-/, "\\-", words)
    return (words ~ /^[.']/ ? "\\\\\\&" : "") words
}
