#!/usr/bin/python3
"""What a new policy closes stops at both ends, also what is running; what it
opens works; each within a second (3 are granted to a busy machine)."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import time

from lab import tcp
from lab.flow import Echo, Flow
from lab.scenario import check, eventually, main, reaches

PATIENCE = 3.0  # seconds


def set_policy(tailnet, *ports):
    """Own devices reach each other at these; when the command began."""
    text = ('{"grants": [{"src": ["autogroup:member"], '
            '"dst": ["autogroup:self"], "ip": [%s]}]}'
            % ", ".join(f'"{port}"' for port in ports))
    path = "/run/lab/policy.hujson"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text if ports else '{"grants": []}')
    began = time.monotonic()
    tailnet.admin("policy", "set", path)
    return began


def opens(tailnet, alice, address, *ports):
    began = set_policy(tailnet, *ports)
    eventually(lambda: tcp.connects(alice, address, 80, 0.2),
               f"{ports} opens 80", PATIENCE)
    print(f"{ports or 'nothing'}: open after {time.monotonic() - began:.3f} s")


def closes(tailnet, alice, address, server, *ports):
    """A connection to 80 that runs ends with a policy that has `ports`."""
    near = tcp.connect(alice, address, 80)
    eventually(lambda: near.heard_since(time.monotonic() - 0.1), "bytes come")
    eventually(lambda: server.other_end(near), "bob took the connection")
    far = server.other_end(near)
    began = set_policy(tailnet, *ports)
    time.sleep(PATIENCE)
    for where, end in (("alice", near), ("bob", far)):
        late = end.last_heard - began
        print(f"{ports or 'nothing'}: {where} heard the last {late:.3f} s after")
        check(late < PATIENCE - 1, f"{where} heard bytes {late:.1f} s after")
    check(not tcp.connects(alice, address, 80), "80 is closed")
    near.stop()
    far.stop()


def closes_datagrams(tailnet, alice, bob):
    set_policy(tailnet, "udp:7", "tcp:22")
    echo = Echo([bob])
    flow = Flow(alice, bob.address())
    eventually(lambda: flow.num_answered > 20, "datagrams are answered")
    began = set_policy(tailnet, "tcp:22")
    time.sleep(PATIENCE)
    record = flow.stop(patience=0.1)
    echo.stop()
    late = max(record.answered.values()) - began
    print(f"datagrams: the last answer came {late:.3f} s after")
    check(late < PATIENCE - 1, f"datagrams were answered {late:.1f} s after")


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    alice.up(key)
    bob.up(key)
    address = bob.address()
    server = tcp.Server(bob, 22, 80)
    reaches(alice, address)
    closes(tailnet, alice, address, server)  # they do not know each other then
    opens(tailnet, alice, address, "tcp:22", "tcp:80")
    closes(tailnet, alice, address, server, "tcp:22")
    check(tcp.connects(alice, address, 22), "22 is open all the time")
    opens(tailnet, alice, address, "*")
    closes_datagrams(tailnet, alice, bob)
    server.stop()


main(run)
