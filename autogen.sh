#!/bin/sh
# SPDX-License-Identifier: ISC
# Makes ./configure out of configure.ac. With --deps it first installs the packages that the build,
# the tests and the samples' checks need, so that nothing else has to be known on a fresh machine.
set -eu
cd "$(dirname "$0")"

# Debian's and Ubuntu's names; a package per thing that is used.
build_packages="gcc libc6-dev make autoconf automake autoconf-archive pkg-config gawk
    libpcap-dev libndpi-dev libgcrypt20-dev libsqlite3-dev libssl-dev nettle-dev
    libcurl4-openssl-dev libncurses-dev zlib1g-dev liblzma-dev libzstd-dev liblz4-dev libsystemd-dev
    libseccomp-dev libcap-ng-dev"
test_packages="libcriterion-dev python3 python3-aiosmtpd sqlite3 libcap2-bin tmux xz-utils zstd lz4"
check_packages="clang libclang-rt-14-dev clang-format clang-tidy git tshark
    debootstrap debhelper dpkg-dev iproute2 systemd prometheus"

usage() {
    cat <<END
usage: ./autogen.sh [--deps | --deps-all]
  --deps      first install what the build and the tests need (apt; as root or by sudo)
  --deps-all  that, what 'make fuzz', 'make lint', 'make format-check', tests/roots.sh and the
              Debian package need, and what single tests compare with
END
}

install_packages() {
    if ! command -v apt-get >/dev/null; then
        echo "autogen.sh: this system has no apt-get. Please install the equivalents of:" >&2
        printf '%s\n' $1 | sed 's/^/    /' >&2
        exit 1
    fi
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "autogen.sh: not root and no sudo here. Please have root run:" >&2
            echo "    apt-get install" $1 >&2
            exit 1
        fi
        as_root=sudo
    fi
    $as_root apt-get -q update
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q install -y --no-install-recommends $1
}

case "${1-}" in
'') ;;
--deps) install_packages "$build_packages $test_packages" ;;
--deps-all) install_packages "$build_packages $test_packages $check_packages" ;;
-h | --help)
    usage
    exit 0
    ;;
*)
    usage >&2
    exit 2
    ;;
esac

if ! command -v autoreconf >/dev/null; then
    echo "autogen.sh: autoreconf is missing; './autogen.sh --deps' installs all that is needed" >&2
    exit 1
fi
autoreconf -fi
