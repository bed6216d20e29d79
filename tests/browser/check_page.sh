#!/bin/sh
# SPDX-License-Identifier: ISC
# The page of report --html in Chromium: `make check-page`. Needs chromium, node and npm; playwright-core,
# which drives the browser, is fetched into a temporary folder. Exits 77 when something is missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${HELOSCOPE:=$PWD/heloscope}"
: "${PLAYWRIGHT_VERSION:=1.48.2}"
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
for tool in node npm python3; do
    command -v "$tool" >/dev/null || { echo "1..0 # SKIP $tool is missing"; exit 77; }
done
[ -n "$CHROMIUM" ] || { echo "1..0 # SKIP chromium is missing"; exit 77; }

folder=$(mktemp -d "${TMPDIR:-/tmp}/heloscope-page.XXXXXX")
trap 'rm -rf "$folder"' EXIT
PLAYWRIGHT=${PLAYWRIGHT:-$folder}
[ -d "$PLAYWRIGHT/node_modules/playwright-core" ] ||
    npm install --silent --no-audit --no-fund --prefix "$PLAYWRIGHT" "playwright-core@$PLAYWRIGHT_VERSION" >/dev/null ||
    { echo "1..0 # SKIP playwright-core cannot be fetched"; exit 77; }

"$HELOSCOPE" analyze -q --db "$folder/samples.db" "$here"/../../samples/*.pcap
python3 "$here/make_histories.py" "$folder/samples.db" "$folder"
for name in samples hostile many; do
    "$HELOSCOPE" report --db "$folder/$name.db" --html "$folder/$name.html" --limit 1000000
done
export CHROMIUM PLAYWRIGHT
node "$here/check_page.js" "$folder"
