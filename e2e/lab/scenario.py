"""Runs one scenario: a function that is given a Tailnet with its servers up."""

import os
import sys
import time
import traceback

from lab import private
from lab.programs import LabError, wait_until
from lab.tailnet import Tailnet


class Failure(Exception):
    """What the scenario asserts does not hold."""


def check(condition, what):
    if not condition:
        raise Failure(what)


def eventually(condition, what, seconds=15):
    """condition() becomes true; what is waited for crosses programs."""
    wait_until(condition, seconds, what)


def reaches(node, address, seconds=15):
    """A ping from node to address is answered within `seconds`."""
    eventually(lambda: answers(node, address),
               f"{node.name} gets an answer from {address}", seconds)


def answers(node, address):
    return node.run("ping", "-n", "-c", "1", "-W", "1", address,
                    check=False).returncode == 0


def refuses(done, *words):
    """A command failed with one line that has all of `words`."""
    text = (done.stderr + done.stdout).strip()
    check(done.returncode != 0, f"it was accepted, and said {text!r}")
    check(len(text.splitlines()) == 1, f"not one line: {text!r}")
    missing = [word for word in words if word.lower() not in text.lower()]
    check(not missing, f"{text!r} says nothing of {missing}")


def peer(node, name):
    """The peer `name` in node's status, or None."""
    found = [p for p in node.status()["peers"] if p["name"] == name]
    return found[0] if found else None


def is_direct(node, name):
    found = peer(node, name)
    return bool(found) and (found.get("path") or {}).get("kind") == "direct"


def main(run, servers=True):
    """Runs the scenario in private namespaces; exits 0 when it holds."""
    private.enter()
    tailnet = Tailnet(bin_dir())
    began = time.monotonic()
    try:
        if servers:
            tailnet.start_servers()
        run(tailnet)
        tailnet.stop()
    except (Failure, LabError, RuntimeError) as error:
        frame = traceback.extract_tb(error.__traceback__)
        place = next(f for f in reversed(frame) if "scenarios/" in f.filename)
        print(f"FAILED at line {place.lineno}, `{place.line}`: {error}")
        print(tailnet.log_tails(40))
        sys.exit(1)
    print(f"holds, {time.monotonic() - began:.1f} s")


def bin_dir():
    if "TEST_SRCDIR" in os.environ:
        return os.path.join(os.environ["TEST_SRCDIR"],
                            os.environ["TEST_WORKSPACE"])
    if len(sys.argv) == 2:
        return os.path.realpath(sys.argv[1])
    return sys.exit(f"usage: {sys.argv[0]} FOLDER-OF-BINARIES")
