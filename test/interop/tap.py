"""Frames of a TAP interface on standard input and output, each behind its length in two bytes. One argument: its name."""
import fcntl
import os
import select
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000

tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", sys.argv[1].encode(), IFF_TAP | IFF_NO_PI))
os.write(1, b"\0\0")  # it is there
waiting = b""
while True:
    ready, _, _ = select.select([tap, 0], [], [])
    if tap in ready:
        frame = os.read(tap, 65536)
        sys.stdout.buffer.write(struct.pack(">H", len(frame)) + frame)
        sys.stdout.buffer.flush()
    if 0 in ready:
        got = os.read(0, 65536)
        if not got:
            sys.exit()
        waiting += got
        while len(waiting) >= 2 and len(waiting) >= 2 + (length := struct.unpack_from(">H", waiting)[0]):
            try:
                os.write(tap, waiting[2 : 2 + length])
            except OSError:
                pass  # the interface is down
            waiting = waiting[2 + length :]
