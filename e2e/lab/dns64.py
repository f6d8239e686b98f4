#!/usr/bin/python3
"""A DNS64 server that knows ipv4only.arpa (RFC 7050) and a few more names.

usage: dns64.py ADDRESS PREFIX [NAME=IPV4]...

To a question for AAAA it answers with the name's IPv4 addresses below the /96
prefix, to one for A with these, and of all else that there is no such name.
Prints "ready".
"""

import ipaddress
import socket
import struct
import sys

_WELL_KNOWN = (0xC00000AA, 0xC00000AB)
_A, _AAAA = 1, 28
_TTL = 60


def on_the_wire(name):
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in name.split(".")) + b"\0"


def answer(query, prefix, names):
    """The response to one query, or None to what is no query."""
    if len(query) < 12:
        return None
    end = query.find(b"\0", 12) + 1
    if end == 0 or len(query) < end + 4:
        return None
    name, kind = query[12:end].lower(), struct.unpack_from("!H", query, end)[0]
    data = []
    if kind == _AAAA:
        data = [(prefix | v4).to_bytes(16, "big") for v4 in names.get(name, ())]
    elif kind == _A:
        data = [v4.to_bytes(4, "big") for v4 in names.get(name, ())]
    code = 0 if name in names else 3  # NXDOMAIN
    head = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(data), 0, 0)
    records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, _TTL,
                                                 len(rdata)) + rdata
                       for rdata in data)
    return head + query[12:end + 4] + records


def main():
    address, prefix = sys.argv[1], int(ipaddress.IPv6Address(sys.argv[2]))
    names = {on_the_wire("ipv4only.arpa"): _WELL_KNOWN}
    for pair in sys.argv[3:]:
        name, v4 = pair.split("=")
        names[on_the_wire(name)] = (int(ipaddress.IPv4Address(v4)),)
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.bind((address, 53))
    print("ready", flush=True)
    while True:
        query, source = server.recvfrom(1500)
        response = answer(query, prefix, names)
        if response:
            server.sendto(response, source)


main()
