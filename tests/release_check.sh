#!/bin/sh
# SPDX-License-Identifier: ISC
# What must hold before a version is tagged; run by `make release-check` in a build folder.
set -eu
source=$1
failed=0

refuse() {
    echo "release-check: $*" >&2
    failed=1
}

grep -q "^## \[$VERSION\] - [0-9-]\{10\}$" "$source/CHANGELOG.md" ||
    refuse "CHANGELOG.md has no section [$VERSION] with a date"
awk '/^## \[Unreleased\]/ { inside = 1; next } /^## / { inside = 0 } inside && /^- / { found = 1 }
     END { exit found }' "$source/CHANGELOG.md" ||
    refuse "CHANGELOG.md has changes that are in no version yet"
head -1 "$source/debian/changelog" | grep -q "^heloscope ($VERSION-" ||
    refuse "debian/changelog does not begin with $VERSION"
date=$(sed -n "s/^## \[$VERSION\] - //p" "$source/CHANGELOG.md")
grep -q "^\.TH HELOSCOPE 1 \"$date\"" "$source/analyzer/program/heloscope.1" ||
    refuse "the manual's date is not that of CHANGELOG.md, \"$date\""
[ "$failed" -eq 0 ] || exit 1

$MAKE distcheck
sum() { sha256sum <"heloscope-$VERSION.tar.gz"; }
$MAKE dist && first=$(sum)
sleep 1
$MAKE dist && second=$(sum)
[ "$first" = "$second" ] || { refuse "two runs of make dist differ"; exit 1; }
echo "release-check: $VERSION can be tagged"
