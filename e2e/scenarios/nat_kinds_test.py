#!/usr/bin/python3
"""The lab's routers behave as their names say, by plain sockets (RFC 5780)."""

import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import nat, net, verdict
from lab.scenario import check, main
from lab.wire import socket_in

# Three outside places: two ports of one address, and another address.
SERVERS = (("control", net.CONTROL_ADDRESS, 5001),
           ("control", net.CONTROL_ADDRESS, 5002),
           ("relay", net.RELAY_ADDRESS, 5001))
_PORT = 41641


def bound(namespace, address, port):
    made = socket_in(namespace, socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(0.3)
    made.bind((address, port))
    return made


def arrives(receiver, text):
    """Whether `text` comes; None if it does not."""
    try:
        while True:
            data, source = receiver.recvfrom(100)
            if data == text:
                return source
    except TimeoutError:
        return None


def ports_seen(inside, servers):
    """What each server sees one inside socket as; None: nothing came."""
    seen = []
    for (_, address, port), server in zip(SERVERS, servers):
        inside.sendto(b"out", (address, port))
        seen.append(arrives(server, b"out"))
    return seen


def mapping_of(seen):
    if seen[0] == seen[1] == seen[2]:
        return "eim"
    return "adm" if seen[0] == seen[1] else "apdm"


def filtering_of(namespace, servers):
    """Who may answer a socket that has sent to the first server alone."""
    inside = bound(namespace, "", _PORT + 1)
    inside.sendto(b"out", SERVERS[0][1:])
    source = arrives(servers[0], b"out")
    admitted = []
    for server in servers:
        server.sendto(b"in", source)
        admitted.append(arrives(inside, b"in") is not None)
    inside.close()
    check(admitted[0], "an answer comes in")
    return {(True, True): "eif", (True, False): "adf",
            (False, False): "apdf"}[tuple(admitted[1:])]


def is_as_named(kind, name, servers):
    inside = bound(name, "", _PORT)
    seen = ports_seen(inside, servers)
    inside.close()
    if kind.blocks_udp:
        return check(seen == [None] * 3, f"{name} lets no UDP out")
    wanted = verdict.seen_from_outside(kind)
    mapping = mapping_of(seen)
    check(mapping == ("eim" if kind.is_public else wanted.mapping),
          f"{name} maps {mapping}: {seen}")
    check((seen[0][1] == _PORT) == (wanted.ports == "kept"),
          f"{name}'s outside port is {seen[0][1]}")
    if kind.ports == "sequential":
        ports = [port for _, port in seen]
        check(ports == list(range(ports[0], ports[0] + 3)), f"in a row: {ports}")
    filtering = filtering_of(name, servers)
    check(filtering == wanted.filtering, f"{name} filters {filtering}")


def hairpins(tailnet, name):
    """Whether two hosts on one LAN reach each other by the outside address."""
    site = tailnet.nodes[name].site
    site.add_host(f"{name}-2")
    server = bound("control", net.CONTROL_ADDRESS, 5003)
    one, other = bound(name, "", 4000), bound(f"{name}-2", "", 4001)
    outside = []
    for inside in (one, other):
        inside.sendto(b"out", (net.CONTROL_ADDRESS, 5003))
        outside.append(arrives(server, b"out"))
    one.sendto(b"hello", outside[1])
    source = arrives(other, b"hello")
    check(source is None or source == outside[0], f"it comes from {source}")
    return source is not None


def run(tailnet):
    servers = [bound(*server) for server in SERVERS]
    for name, kind in nat.KINDS.items():
        tailnet.place_node(name, name)
        is_as_named(kind, name, servers)
    check(hairpins(tailnet, "hairpin"), "hairpin hairpins")
    check(not hairpins(tailnet, "home"), "home does not")
    # Two hosts behind one router take one port: both get one of their own.
    tailnet.nodes["restricted"].site.add_host("second")
    ports = set()
    for name in ("restricted", "second"):
        inside = bound(name, "", 4000)
        ports.update(ports_seen(inside, servers))
        inside.close()
    check(len(ports) == 2, f"a port for each host: {ports}")


main(run, servers=False)
