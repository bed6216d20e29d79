#!/bin/bash
# SPDX-License-Identifier: ISC
# Runs the commands of README.md in bare roots of Debian releases, made by debootstrap from the
# mirror that apt uses here: what a new user of that release sees who has nothing but the base
# system. Needs root. The status says whether all passed, the last line of each part which did.
set -u -o pipefail
exec </dev/null

usage() {
    cat <<END
usage: tests/roots.sh [options] [SUITE...]      by default bookworm trixie sid
  --arch ARCH    another architecture that this processor runs, such as i386
  --base FOLDER  keep the unpacked base systems there, and take them from there
  --units        of the tests only those in C
  --example      only the example
END
}

here=$(cd "$(dirname "$0")/.." && pwd)
arch=$(dpkg --print-architecture) base='' parts='example tests'
suites=()
while [ $# -gt 0 ]; do
    case $1 in
    --arch) arch=$2; shift ;;
    --base) base=$2; shift ;;
    --units) parts='example units' ;;
    --example) parts='example' ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) suites+=("$1") ;;
    esac
    shift
done
[ ${#suites[@]} -gt 0 ] || suites=(bookworm trixie sid)

for tool in debootstrap unshare chroot; do
    command -v "$tool" >/dev/null || { echo "roots.sh: $tool is missing" >&2; exit 2; }
done
[ "$(id -u)" -eq 0 ] || { echo "roots.sh: only root can make a root" >&2; exit 2; }

# The archive of Debian's releases, as apt knows it: not that of their security updates.
mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" { print $2; exit }')
[ -n "$mirror" ] || { echo "roots.sh: apt knows no mirror of Debian; is 'apt-get update' due?" >&2; exit 2; }

work=$(mktemp -d "${TMPDIR:-/tmp}/heloscope-roots.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT

# Makes the base system of a suite in a folder.
make_root() {
    local suite=$1 root=$2 kept=${base:+$base/$1-$arch.tar}
    mkdir -p "$root"
    if [ -n "$kept" ] && [ -f "$kept" ]; then
        tar -C "$root" -xpf "$kept"
        return
    fi
    debootstrap --variant=minbase --arch="$arch" "$suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
        { tail -20 "$work/debootstrap.log"; return 1; }
    rm -f "$root"/var/cache/apt/archives/*.deb
    if [ -n "$kept" ]; then mkdir -p "$base" && tar -C "$root" -cf "$kept" .; fi
}

# The tree as it lies here, without version control and without what a build left.
copy_tree() {
    mkdir -p "$1" && tar -C "$here" --exclude=./.git --exclude='./_*' --exclude='./build*/' \
        --exclude='*.o' --exclude='*.a' --exclude='./Makefile' --exclude='./config.status' \
        --exclude='./heloscope' -cf - . | tar -C "$1" --no-same-owner -xf -
}

# The shell block of README.md that follows the comment <!-- NAME -->.
readme_command() {
    awk -v mark="<!-- $1 -->" '
        $0 == mark           { found = 1; next }
        found && /^```sh$/   { inside = 1; next }
        inside && /^```$/    { exit }
        inside' "$here/README.md"
}

# Runs a command inside, with mounts that nobody else sees and that go with it.
inside() {
    local root=$1 command=$2
    unshare --mount --pid --fork bash -e -c '
        mount -t proc proc "$1/proc"
        mkdir -p "$1/dev/shm" "$1/dev/pts" && mount -t tmpfs tmpfs "$1/dev/shm"
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts" && ln -sf pts/ptmx "$1/dev/ptmx"
        exec setarch "$3" chroot "$1" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
            LC_ALL=C.UTF-8 MAKEFLAGS="$4" sh -c "cd /tree && exec bash -e -c \"\$1\"" sh "$2"
    ' bash "$root" "$command" "$(case $arch in i386) echo linux32 ;; *) uname -m ;; esac)" "-j$(nproc)"
}

failed=0
for suite in "${suites[@]}"; do
    root=$work/$suite
    printf '===== %s (%s) from %s\n' "$suite" "$arch" "$mirror"
    if ! make_root "$suite" "$root"; then
        echo "===== $suite: no root" && failed=1
        continue
    fi
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null
    # A mirror that stands still for reproducible builds has a sid whose date of expiry is past.
    echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/90mirror"
    for part in $parts; do
        rm -rf "$root/tree" && copy_tree "$root/tree"
        case $part in
        units) command=$(readme_command tests)" TESTS='\$(check_PROGRAMS)'" ;;
        *) command=$(readme_command "$part") ;;
        esac
        if inside "$root" "$command" 2>&1 | tee "$work/log" &&
            { [ "$part" != example ] || grep -q 503 "$work/log"; }; then
            echo "===== $suite $arch: $part passed"
        else
            echo "===== $suite $arch: $part FAILED" && failed=1
            find "$root/tree/tests" -name '*.log' -exec grep -l '^not ok' {} + 2>/dev/null |
                while read -r each; do
                    echo "----- ${each#"$root"/tree/}"
                    grep -A 12 '^not ok' "$each"
                done
        fi
    done
    rm -rf --one-file-system "$root"
done
exit "$failed"
