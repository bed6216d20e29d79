#!/bin/sh
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
mkdir -p fuzz-build

# The library anew: what is to be explored must carry coverage counters.
objects=
for file in $FILES; do
    object=fuzz-build/$(echo "$file" | tr / _).o
    objects="$objects $object"
    if [ ! "$object" -nt "$SOURCE/$file" ]; then
        "$CLANG" $FLAGS $sanitize -fsanitize=fuzzer-no-link -c "$SOURCE/$file" -o "$object"
    fi
done

failed=0
for target in $FUZZ_TARGETS; do
    program=fuzz-build/fuzz_$target
    "$CLANG" $FLAGS $sanitize -fsanitize=fuzzer "$SOURCE/tests/fuzz/fuzz_$target.c" $objects \
        $LIBRARIES -o "$program"
    mkdir -p "fuzz-build/corpus_$target"
    echo "fuzz: $target for $FUZZ_SECONDS s"
    seeds=$SOURCE/tests/fuzz/seeds/$target
    [ -d "$seeds" ] || seeds=
    if "$program" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=1024 \
        -artifact_prefix="fuzz-build/crash_${target}_" -print_final_stats=1 \
        "fuzz-build/corpus_$target" $seeds >"fuzz-build/$target.log" 2>&1; then
        grep -E 'cov:|number_of_executed_units' "fuzz-build/$target.log" | tail -n 2
    else
        failed=1
        tail -n 40 "fuzz-build/$target.log"
        echo "fuzz: $target FAILED; see fuzz-build/$target.log" >&2
    fi
done
exit $failed
