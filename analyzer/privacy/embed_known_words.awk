# SPDX-License-Identifier: ISC
# The words that an anonymised history may show, one a line in C: those of known_words.txt, of the
# texts of refusals (reply_texts.tsv), of what is said of causes (causes.txt), and of the string literals
# of the C files that are named, which make heloscope's own sentences.
#
#     awk -f embed_known_words.awk known_words.txt reply_texts.tsv causes.txt FILE.c ... | LC_ALL=C sort -u
#
# What has a dot or an @ inside is an example of a name, and no word.

FILENAME ~ /\.tsv$/ {
    if ($0 ~ /^#/)
        next
    split($0, column, "\t")
    gsub(/<[^>]*>/, " ", column[4])
    take(column[4])
    next
}

FILENAME ~ /\.c$/ {
    if ($0 ~ /^#include/)
        next
    while (match($0, /"([^"\\]|\\.)*"/)) {
        literal = substr($0, RSTART + 1, RLENGTH - 2)
        $0 = substr($0, RSTART + RLENGTH)
        gsub(/%[-+ #0-9.*]*(ll|z|l)?[a-zA-Z]/, " ", literal)
        take(literal)
    }
    next
}

/^#/ { next }

# Suites are shown with the beginning that all their names have.
FILENAME ~ /tls_suite_names\.h$/ { sub(/"/, "\"TLS_") }

FILENAME ~ /causes\.txt$/ { sub(/^[a-z_]+:/, "") }

{ take($0) }

function take(text,    word, part, n, m, i, k)
{
    gsub(/\\./, " ", text)
    n = split(text, word, /[ \t<>()\[\]"',;:=\/#?&]+/)
    for (i = 1; i <= n; i++) {
        gsub(/^[.!*]+|[.!*]+$/, "", word[i])
        if (word[i] ~ /[.@]/ || word[i] !~ /^[A-Za-z0-9_+-]+$/ || word[i] !~ /[A-Za-z0-9]/)
            continue
        print "\"" tolower(word[i]) "\","
        m = split(word[i], part, "-")
        for (k = 1; m > 1 && k <= m; k++)
            if (part[k] ~ /^[A-Za-z]+$/)
                print "\"" tolower(part[k]) "\","
    }
}
