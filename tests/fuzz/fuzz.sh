#!/bin/sh
# SPDX-License-Identifier: ISC
# Builds the fuzz targets with clang's libFuzzer under the address and undefined-behaviour
# sanitizers and runs each for FUZZ_SECONDS. Called by `make fuzz`, which hands everything over in
# the environment. The corpus that grows and any crash stay in fuzz-build/; a crash worth keeping is
# copied to tests/fuzz/seeds/TARGET, where `make check` replays it with any compiler.
set -eu

command -v "$CLANG" >/dev/null || {
    echo "fuzz.sh: clang is missing; ./autogen.sh --deps-all installs it" >&2
    exit 1
}
sanitize="-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all"
folder=fuzz-build
library=$folder/library.a
mkdir -p $folder

# FLAGS comes from make as words of the shell, quotes included.
compile() {
    eval "\"\$CLANG\" $FLAGS $sanitize \"\$@\""
}

# Whether $1 is older than the file $2 or than any header.
outdated() {
    [ ! -e "$1" ] || [ "$SOURCE/$2" -nt "$1" ] || [ -n "$(find "$SOURCE/include" \
        "$SOURCE/dissectors" "$SOURCE/analyzer" "$SOURCE/db" "$SOURCE/tests/support" \
        -name '*.h' -newer "$1" | head -n 1)" ]
}

# The library anew: what is to be explored must carry coverage counters.
objects=
for file in $FILES; do
    object=$folder/$(echo "$file" | tr / _).o
    objects="$objects $object"
    if outdated "$object" "$file"; then
        compile -fsanitize=fuzzer-no-link -c "$SOURCE/$file" -o "$object"
    fi
done
rm -f $library
ar cr $library $objects

failed=0
for target in $FUZZ_TARGETS; do
    program=$folder/fuzz_$target
    compile -fsanitize=fuzzer "$SOURCE/tests/fuzz/fuzz_$target.c" $library $LIBRARIES -o "$program"
    corpus=$folder/corpus_$target
    mkdir -p "$corpus"
    seeds=$SOURCE/tests/fuzz/seeds/$target
    [ -d "$seeds" ] || seeds=
    echo "fuzz: $target for $FUZZ_SECONDS s"
    if "$program" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=1024 \
        -artifact_prefix="$folder/crash_${target}_" -print_final_stats=1 \
        "$corpus" $seeds >"$folder/$target.log" 2>&1; then
        grep -E 'cov:|number_of_executed_units' "$folder/$target.log" | tail -n 2
    else
        failed=1
        tail -n 40 "$folder/$target.log"
        echo "fuzz: $target FAILED; see $folder/$target.log" >&2
    fi
done
exit $failed
