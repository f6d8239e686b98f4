#!/usr/bin/python3
"""`./dev tailnet` as people use it: up, exec, status, down, and nothing left."""

import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import private
from lab.programs import wait_until
from lab.scenario import bin_dir, check, refuses

_E2E = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")


def tailnet(*argv, **options):
    return subprocess.run(
        ["/usr/bin/python3", os.path.join(_E2E, "tailnet.py"), "--bin-dir",
         bin_dir(), *argv], text=True, capture_output=True, check=False,
        env=clean_environment(), **options)


def clean_environment():
    # This test is a machine of its own to the tailnets it starts.
    return {name: value for name, value in os.environ.items()
            if not name.startswith("WARREN_LAB_")}


def processes():
    return subprocess.run(["ps", "-eo", "args"], text=True, capture_output=True,
                          check=True).stdout


def once():
    done = tailnet("--once", "--json", "--nodes", "3", timeout=120)
    report = json.loads(done.stdout)
    check(done.returncode == 0 and report["ok"], f"--once: {done.stderr}")
    check(len(report["pairs"]) == 6, f"six ordered pairs: {report['pairs']}")
    check(all(pair["http_bytes"] == 1 << 20 for pair in report["pairs"]),
          "every pair downloaded the whole file")


def interrupted():
    """Each way to end it from outside leaves nothing."""
    proof = subprocess.Popen(
        ["/usr/bin/python3", os.path.join(_E2E, "tailnet.py"), "--bin-dir",
         bin_dir(), "--once"], stdout=subprocess.DEVNULL,
        env=clean_environment())
    wait_until(lambda: "warrend" in processes(), 30, "the proof has begun")
    proof.send_signal(signal.SIGINT)
    check(proof.wait(30) != 0, "a proof that was cut short is no success")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        running = start_live()
        running.send_signal(number)
        running.wait(30)
        wait_until(lambda: "warrend" not in processes(), 10,
                   f"no process is left after {number.name}")
        if number != signal.SIGKILL:  # the next start clears what that leaves
            check(not os.path.exists("/run/warren-tailnet"), "nor a folder")


def start_live():
    running = subprocess.Popen(
        ["/usr/bin/python3", os.path.join(_E2E, "tailnet.py"), "--bin-dir",
         bin_dir(), "--nodes", "2"], stdout=subprocess.DEVNULL,
        env=clean_environment())
    wait_until(lambda: tailnet("status").returncode == 0, 60,
               "status shows a table")
    return running


def live():
    refuses(tailnet("status"), "none runs")
    running = start_live()
    report = json.loads(tailnet("status", "--json").stdout)
    check([node["name"] for node in report["nodes"]] == ["alice", "bob"],
          f"two nodes: {report}")
    refuses(tailnet(), "runs already")
    said = tailnet("exec", "alice", "--", "ping", "-c", "1", "-W", "5", "bob")
    check(said.returncode == 0, f"alice pings bob by name: {said}")
    said = tailnet("exec", "bob", "--", "warren", "status")
    check("alice" in said.stdout, f"bob's status: {said}")
    check(tailnet("exec", "bob", "--", "sh", "-c", "exit 7").returncode == 7,
          "exec passes the exit code on")
    refuses(tailnet("exec", "zoe", "--", "true"), "alice, bob")
    check(tailnet("down").returncode == 0, "down")
    check(running.wait(30) == 0, "the live tailnet ends well")
    check(not os.path.exists("/run/warren-tailnet"), "no folder is left")
    check("warrend" not in processes(), "no process is left")


private.enter()
once()
live()
interrupted()
print("holds")
