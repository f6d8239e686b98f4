#!/usr/bin/python3
"""A link with delay between two network namespaces; this kernel has no netem.

usage: delay.py NAMESPACE DEVICE NAMESPACE DEVICE MILLISECONDS

Makes one TAP device in each and carries frames between them, each way late by
so many milliseconds and otherwise untouched, in order. Prints "ready".
"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

_TUNSETIFF = 0x400454CA
_IFF_TAP, _IFF_NO_PI = 0x0002, 0x1000
_MAX_FRAME = 2048
_MAX_WAITING = 20000  # frames on the way in one direction; more are lost


def tap(namespace, device):
    """A TAP device in another namespace, driven from here."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}", encoding="ascii") as there:
        if libc.setns(there.fileno(), 0x40000000):  # CLONE_NEWNET
            raise OSError(ctypes.get_errno(), f"setns to {namespace}")
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, _TUNSETIFF,
                struct.pack("16sH", device.encode(), _IFF_TAP | _IFF_NO_PI))
    return fd


def take(fd, line, due):
    for _ in range(64):
        try:
            frame = os.read(fd, _MAX_FRAME)
        except (BlockingIOError, OSError):
            return
        if len(line) < _MAX_WAITING:
            line.append((due, frame))


def give(fd, line, now):
    while line and line[0][0] <= now:
        try:
            os.write(fd, line.popleft()[1])
        except OSError:
            pass  # the other end is down or full: the frame is lost


def main():
    first, second = tap(*sys.argv[1:3]), tap(*sys.argv[3:5])
    delay = float(sys.argv[5]) / 1000
    other = {first: second, second: first}
    # Frames on their way to each end.
    lines = {first: collections.deque(), second: collections.deque()}
    print("ready", flush=True)
    while True:
        heads = [line[0][0] for line in lines.values() if line]
        wait = max(0, min(heads) - time.monotonic()) if heads else None
        for fd in select.select([first, second], [], [], wait)[0]:
            take(fd, lines[other[fd]], time.monotonic() + delay)
        for fd, line in lines.items():
            give(fd, line, time.monotonic())


main()
