#!/usr/bin/python3
"""What can be wrong at the start is said in one line, and nothing is harmed."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import net
from lab.programs import PLACE, call
from lab.scenario import check, main, reaches, refuses

_ZERO_KEY = "mkey:" + "0" * 63 + "1"


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    wrong_servers(alice, key)
    alice.up(key)
    second_daemons(tailnet, alice)
    alice.daemon.stop()
    damaged_state(tailnet, alice)
    no_permission(tailnet, alice)
    damaged_database(tailnet)
    damaged_relay_key(tailnet)
    alice.start()
    bob = tailnet.add_node("bob", "home")
    bob.up(key)
    reaches(alice, bob.address(), 40)


def wrong_servers(alice, key):
    up = ["up", "--auth-key", key, "--login-server"]
    refuses(alice.cli(*up, "ftp://203.0.113.2", check=False), "ftp")
    refuses(alice.cli(*up, "not a url", check=False), "not a url")
    refuses(alice.cli(*up, "http://203.0.113.99", check=False, seconds=60),
            "203.0.113.99")
    # The relay is a web server, but no control server.
    refuses(alice.cli(*up, f"http://{net.RELAY_ADDRESS}", check=False,
                      seconds=60), "203.0.113.3")
    refuses(alice.cli(*up, f"http://{net.CONTROL_ADDRESS}", "--control-key",
                      _ZERO_KEY, check=False, seconds=60), _ZERO_KEY)
    refuses(alice.cli("up", "--login-server", f"http://{net.CONTROL_ADDRESS}",
                      check=False), "auth key")
    refuses(alice.cli("ping", "nobody", check=False), "up")


def second_daemons(tailnet, alice):
    refuses(daemon(tailnet, alice, "--tun", "w1", "--port", "0", "--socket",
                   f"{PLACE}/other.sock"), alice.state_dir, "another")
    refuses(daemon(tailnet, alice, "--tun", "w1", "--port", "41641",
                   "--state-dir", f"{PLACE}/other", "--socket",
                   f"{PLACE}/other.sock"), "41641")
    refuses(daemon(tailnet, alice, "--tun", "warren0", "--port", "0",
                   "--state-dir", f"{PLACE}/other", "--socket",
                   f"{PLACE}/other.sock"), "warren0")
    refuses(daemon(tailnet, alice, "--tun", "w1", "--port", "0", "--state-dir",
                   f"{PLACE}/other", "--socket", alice.socket), alice.socket)
    refuses(control(tailnet), "control")
    refuses(call("relay", tailnet.program("warren-relay"), "--listen",
                 f"{net.RELAY_ADDRESS}:80", "--plain-http", "--key-file",
                 f"{PLACE}/relay2.key", check=False), f"{net.RELAY_ADDRESS}:80")


def damaged_state(tailnet, alice):
    path = f"{alice.state_dir}/state.json"
    good = read(path)
    for damage in (b"", good[:len(good) // 2], b"\0" * 100, b"{}"):
        write(path, damage)
        refuses(daemon(tailnet, alice), path)
        check(read(path) == damage, "the damaged file is left as it is")
    write(path, good)


def no_permission(tailnet, alice):
    as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534",
                 "--clear-groups"]
    refuses(daemon(tailnet, alice, prefix=as_nobody), "permission")
    alice.start()
    refuses(call(alice.name, *as_nobody, tailnet.program("warren"), "--socket",
                 alice.socket, "down", check=False), "root")
    check(call(alice.name, *as_nobody, tailnet.program("warren"), "--socket",
               alice.socket, "status", check=False).returncode == 0,
          "everybody may look")
    alice.daemon.stop()
    refuses(alice.cli("status", check=False), "warrend", alice.socket)
    without_tun = ["unshare", "--mount", "sh", "-c",
                   'mount -t tmpfs none /dev/net && exec "$@"', "sh"]
    refuses(daemon(tailnet, alice, prefix=without_tun), "/dev/net/tun")


def damaged_database(tailnet):
    tailnet.control.stop()
    folder = f"{PLACE}/control"
    database = next(f"{folder}/{name}" for name in os.listdir(folder)
                    if name.endswith(".db"))
    good = read(database)
    check(not os.path.exists(database + "-wal") or
          not read(database + "-wal"), "a clean end leaves no log behind")
    for damage in (good[:len(good) // 2], b"not a database" * 1000,
                   good[:4096] + os.urandom(len(good) - 4096)):
        write(database, damage)
        refuses(control(tailnet), database)
        check(read(database) == damage, "the damaged database is kept")
    write(database, good)
    tailnet.control.start()
    tailnet.wait_for_control()


def damaged_relay_key(tailnet):
    path = f"{PLACE}/bad.key"
    write(path, b'{"PrivateKey":"privkey:12')
    refuses(call("relay", tailnet.program("warren-relay"), "--listen",
                 f"{net.RELAY_ADDRESS}:81", "--plain-http", "--key-file", path,
                 "--stun-listen", f"{net.RELAY_ADDRESS}:3479", check=False),
            path)
    check(read(path) == b'{"PrivateKey":"privkey:12', "the file is kept")


def daemon(tailnet, node, *options, prefix=()):
    argv = [*prefix, tailnet.program("warrend"), "--state-dir", node.state_dir,
            "--socket", node.socket, "--tun", "warren0", *options]
    return bounded(node.name, argv)


def control(tailnet):
    return bounded("control", tailnet.control.argv)


def bounded(namespace, argv):
    """Runs what should end by itself at once; keeps its last line only.

    What a program logs before it gives up is for its operator's journal.
    """
    done = call(namespace, *argv, check=False, seconds=20)
    lines = (done.stderr + done.stdout).strip().splitlines()
    return subprocess.CompletedProcess(argv, done.returncode, "",
                                       lines[-1] if lines else "")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


main(run)
