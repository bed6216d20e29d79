#!/bin/bash
# SPDX-License-Identifier: ISC
# editcap of Wireshark 4.0.17 (Debian 12, wireshark-common 4.0.17-0+deb12u3): a capture that is turned into
# Novell's LANalyzer form and back begins at midnight of its day. The date and the distances between packets
# are kept, the time of day is gone, and editcap says nothing and succeeds. One would expect a form that has
# a date and times of 0.5 microseconds to keep the hour.
#
# Seen, for a capture of one packet at 2026-01-02 03:04:05.000006 UTC: 2026-01-02 00:00:00.000000.
# Exit status: 0 = as stated, 1 = it behaves otherwise, 2 = it could not be tried.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
for package in wireshark-common libwireshark16 libwiretap13 libwsutil14; do
    apt-get -q download "$package=4.0.17-0+deb12u3" >/dev/null 2>&1 || exit 2
done
for package in *.deb; do dpkg -x "$package" root || exit 2; done
libraries=$(echo root/usr/lib/*-linux-gnu)
editcap() { LD_LIBRARY_PATH=$libraries TZ=UTC root/usr/bin/editcap "$@" 2>/dev/null; }
python3 - <<'END'
import calendar, struct
frame = bytes.fromhex("020000000002020000000001" "88b5") + bytes(46)
at = calendar.timegm((2026, 1, 2, 3, 4, 5))
with open("in.pcap", "wb") as file:
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    file.write(struct.pack("<IIII", at, 6, len(frame), len(frame)) + frame)
END
editcap -F lanalyzer in.pcap out.tr1 || exit 2
editcap -F pcap out.tr1 back.pcap || exit 2
seen=$(python3 -c 'import struct, time
seconds, fraction = struct.unpack_from("<II", open("back.pcap", "rb").read(), 24)
print(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) + ".%06d" % fraction)')
echo "$seen"
[ "$seen" = "2026-01-02 00:00:00.000000" ]
