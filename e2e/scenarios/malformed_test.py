#!/usr/bin/python3
"""Rubbish on every socket of every program changes nothing for anybody."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import net
from lab.programs import PLACE
from lab.scenario import check, main, reaches

# Runs in a namespace: throws seeded rubbish at one socket, then ends.
_THROW = r"""
import random, socket, sys
kind, where, port, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
rng = random.Random(seed)
heads = [b"", b"GET /derp HTTP/1.1\r\nUpgrade: DERP\r\n\r\n", b"\x16\x03\x01",
         b"POST /warren/v1/channel HTTP/1.1\r\nUpgrade: warren-control-protocol"
         b"\r\nX-Warren-Handshake: AAAA\r\n\r\n", b"GET /key?v=1 HTTP/1.1\r\n\r\n",
         b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x01\x00\x00\x00",
         b"\x02\x00\x00\x00", b"\x04\x00\x00\x00", b"TS\xf0\x9f\x92\xac",
         b"\x00\x01\x00\x14\x21\x12\xa4\x42", b"\x01\x01\x00\x0c\x21\x12\xa4\x42"]
sizes = [0, 1, 16, 31, 32, 64, 92, 148, 1400]
for i in range(300):
    data = rng.choice(heads) + rng.randbytes(rng.choice(sizes))
    if kind == "udp":
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.sendto(data, (where, port))
    else:
        s = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
        s.settimeout(0.02)
        try:
            s.connect(where if kind == "unix" else (where, port))
            s.sendall(data)
            if i % 3 == 0:
                s.recv(100)
        except OSError:
            pass  # it may well hang up
    s.close()
"""


def throw(namespace, kind, where, port=0):
    for seed in ("1", "2"):
        net.run(*net.inside(namespace, "/usr/bin/python3", "-c", _THROW, kind,
                            where, str(port), seed))


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "fullcone")
    alice.up(key)
    bob.up(key)
    reaches(alice, bob.address())
    before = [program.pid for program in tailnet.programs()]
    throw("control", "tcp", net.CONTROL_ADDRESS, 80)
    throw("control", "unix", f"{PLACE}/admin.sock")
    throw("relay", "tcp", net.RELAY_ADDRESS, 80)
    throw("relay", "udp", net.RELAY_ADDRESS, 3478)
    # From its own LAN, past the router; and from a stranger outside.
    throw("alice", "udp", "192.168.10.100", 41641)
    throw("control", "udp", "203.0.113.11", 41641)
    throw("alice", "unix", alice.socket)
    # And inside the tunnel: what no rule allows, and what is no IP at all.
    throw("alice", "udp", bob.address(), 9)
    check(all(program.running() for program in tailnet.programs()),
          "every program still runs")
    check([program.pid for program in tailnet.programs()] == before,
          "and is the one that was started")
    reaches(alice, bob.address())
    carol = tailnet.add_node("carol", "home")
    carol.up(key)
    reaches(carol, alice.address())
    check(len(tailnet.admin_json("node", "list")) == 3, "control knows three")


main(run)
