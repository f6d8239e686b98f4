#!/usr/bin/python3
"""Control and relay behind TLS: by certificate authority, and by pin."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import net
from lab.programs import PLACE
from lab.scenario import check, eventually, main, peer, reaches, refuses

_ROOTS = "/etc/ssl/certs/ca-certificates.crt"


def certificate_for(address):
    """A chain and key for an address, from an authority of our own."""
    folder = f"{PLACE}/tls"
    os.makedirs(folder, exist_ok=True)
    openssl = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    if not os.path.exists(f"{folder}/ca.crt"):
        net.run(*openssl, "-subj", "/CN=lab authority", "-keyout",
                f"{folder}/ca.key", "-out", f"{folder}/ca.crt")
    chain, key = f"{folder}/{address}.crt", f"{folder}/{address}.key"
    net.run(*openssl, "-subj", f"/CN={address}", "-addext",
            f"subjectAltName=IP:{address}", "-addext",
            "basicConstraints=critical,CA:FALSE", "-CA", f"{folder}/ca.crt",
            "-CAkey", f"{folder}/ca.key", "-keyout", key, "-out", chain)
    return chain, key


def run(tailnet):
    chain, key = certificate_for(net.CONTROL_ADDRESS)
    tailnet.start_control("--listen", f"{net.CONTROL_ADDRESS}:443", "--tls-cert",
                          chain, "--tls-key", key)
    # Without --cert the relay makes a certificate and tells how to pin it.
    tailnet.start_relay("--listen", f"{net.RELAY_ADDRESS}:443", "--hostname",
                        net.RELAY_ADDRESS)
    pin = re.search(r"sha256-raw:[0-9a-f]{64}", tailnet.relay.log())
    check(pin, f"the relay tells its pin: {tailnet.relay.log()}")
    tailnet.admin("relay", "create", "--id", "900", "--code", "lab",
                  "--hostname", net.RELAY_ADDRESS, "--ipv4", net.RELAY_ADDRESS,
                  "--cert-name", pin.group(0))
    tailnet.create_user("demo")
    secret = tailnet.create_key("--reusable")

    # No UDP: the relay carries all of it.
    alice = tailnet.add_node("alice", "noudp")
    bob = tailnet.add_node("bob", "noudp")
    url = f"https://{net.CONTROL_ADDRESS}"
    refuses(alice.cli("up", "--login-server", url, "--auth-key", secret,
                      check=False, seconds=60), "certificate")
    net.run("mount", "--bind", f"{PLACE}/tls/ca.crt", _ROOTS)
    for node in (alice, bob):
        node.cli("up", "--login-server", url, "--auth-key", secret,
                 "--hostname", node.name)
    eventually(lambda: peer(alice, "bob"), "alice sees bob")
    reaches(alice, bob.address())
    reaches(bob, alice.address())
    check("relay" in alice.cli("ping", "-c", "1", "bob").stdout, "by the relay")

    # Another certificate than the pinned one is not our relay.
    tailnet.admin("relay", "delete", "900", "--yes")
    tailnet.admin("relay", "create", "--id", "900", "--code", "lab",
                  "--hostname", net.RELAY_ADDRESS, "--ipv4", net.RELAY_ADDRESS,
                  "--cert-name", "sha256-raw:" + "0" * 64)
    eventually(lambda: alice.status()["health"], "alice says it has no relay")


main(run, servers=False)
