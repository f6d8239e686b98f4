#!/usr/bin/python3
"""A local tailnet: control, relay and nodes behind NAT routers.

  ./dev tailnet                       bring it up and watch it (Ctrl-C ends it)
  ./dev tailnet --once [--json]       bring it up, prove every pair, end
  ./dev tailnet status [--json]       the table of the one that runs
  ./dev tailnet exec NODE -- COMMAND  run any program on a node
  ./dev tailnet admin ARGUMENTS       run warren-admin against its server
  ./dev tailnet down                  end the one that runs
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from lab import nat, net, outside, private, proof, table  # noqa: E402
from lab.programs import LabError, wait_until  # noqa: E402
from lab.tailnet import DEFAULT_KINDS, NAMES, Tailnet  # noqa: E402

_REFRESH_SECONDS = 2


def main():
    arguments = _parse(sys.argv[1:])
    if arguments.verb in outside.VERBS:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
        return outside.VERBS[arguments.verb](arguments)
    if arguments.once:
        private.enter()
    else:
        outside.claim()
        arguments.web = outside.browsers_socket()
        private.enter(shared=outside.FOLDER, keep=(arguments.web,))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    show = _Progress(quiet=arguments.json)
    try:
        started = time.monotonic()
        tailnet = _bring_up(arguments, show)
        if arguments.once:
            return _prove_once(tailnet, arguments, started)
        with show.step("every node reaches every other"):
            ways = proof.reach_all(list(tailnet.nodes.values()))
        _watch(tailnet, ways)
    except KeyboardInterrupt:
        # How a live tailnet ends; a proof that was cut short proves nothing.
        return 130 if arguments.once else 0
    except (LabError, RuntimeError) as error:
        print(f"tailnet: {error}", file=sys.stderr)
        if _Building.tailnet:
            print(_Building.tailnet.log_tails(), file=sys.stderr)
        return 1
    finally:
        _ignore_signals()
        if _Building.tailnet:
            with contextlib.suppress(LabError):
                _Building.tailnet.stop()
    return 0


class _Building:
    """The tailnet while it comes up, so that a failure can still end it."""
    tailnet = None


def _interrupted(_number, _frame):
    _ignore_signals()  # once is enough: what follows is the orderly end
    raise KeyboardInterrupt


def _ignore_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _parse(argv):
    command = []
    if "admin" in argv[:3]:  # after --bin-dir
        at = argv.index("admin") + 1
        argv, command = argv[:at], argv[at:]
    elif "--" in argv:
        at = argv.index("--")
        argv, command = argv[:at], argv[at + 1:]
    parser = argparse.ArgumentParser(
        prog="./dev tailnet", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", nargs="?", default="up",
                        choices=["up", *outside.VERBS])
    parser.add_argument("node", nargs="?", help="with exec: the node's name")
    parser.add_argument("--bin-dir", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--nodes", type=int, default=len(DEFAULT_KINDS),
                        metavar="N", help="number of nodes, 2 to 30 (4)")
    parser.add_argument("--nat", action="append", metavar="KIND", default=[],
                        choices=sorted(nat.KINDS),
                        help="kind of the next node's router, again for each; "
                        f"one of {', '.join(sorted(nat.KINDS))}")
    parser.add_argument("--once", action="store_true",
                        help="prove every pair, print the result, end")
    parser.add_argument("--json", action="store_true", help="for scripts")
    arguments = parser.parse_args(argv)
    if not 2 <= arguments.nodes <= len(NAMES):
        parser.error(f"--nodes {arguments.nodes}: from 2 to {len(NAMES)}")
    if arguments.verb == "exec" and (not arguments.node or not command):
        parser.error("exec needs a node and a command: exec alice -- ping bob")
    arguments.bin_dir = os.path.realpath(arguments.bin_dir)
    arguments.command = command
    arguments.web = None
    return arguments


class _Progress:
    """One line for each step, with the time it took."""

    def __init__(self, quiet):
        self._quiet = quiet

    @contextlib.contextmanager
    def step(self, what):
        began = time.monotonic()
        yield
        if not self._quiet:
            print(f"  {what} ({time.monotonic() - began:.1f} s)", flush=True)


def _bring_up(arguments, show):
    kinds = arguments.nat + list(DEFAULT_KINDS) * len(NAMES)
    plan = list(zip(NAMES[:arguments.nodes], kinds))
    with show.step("an internet with control and relay on it"):
        tailnet = _Building.tailnet = Tailnet(arguments.bin_dir)
        if arguments.web is None:
            tailnet.start_servers()
        else:
            tailnet.start_servers("--listen", f"{net.CONTROL_ADDRESS}:80",
                                  "--public-url",
                                  outside.web_url(arguments.web))
            tailnet.serve_browsers(arguments.web)
    key = tailnet.create_key("--reusable")
    with show.step(f"{len(plan)} nodes behind {len(plan)} routers"):
        for name, kind in plan:
            tailnet.add_node(name, kind)
    nodes = list(tailnet.nodes.values())
    with show.step("every node is logged in"):
        proof.for_each(lambda node: node.up(key), nodes)
    with show.step("every node sees every other"):
        for node in nodes:
            wait_until(lambda: _sees_all(node, nodes), 20,
                       f"{node.name} sees the {len(nodes) - 1} others")
    return tailnet


def _sees_all(node, nodes):
    status = node.status()
    node.known_address = status["self"]["addresses"][0]
    return len(status["peers"]) == len(nodes) - 1


def _prove_once(tailnet, arguments, started):
    ways = proof.prove(list(tailnet.nodes.values()))
    seconds = time.monotonic() - started
    bad = [way for way in ways if not way.ok]
    if arguments.json:
        print(json.dumps(_report(tailnet, ways, seconds), indent=2))
    else:
        print(table.render(tailnet, ways))
        for way in bad:
            print(f"FAILED {way.source} -> {way.target}: {way.error}")
        direct = sum(way.kind == "direct" for way in ways)
        print(f"{len(ways) - len(bad)} of {len(ways)} pairs reach each other by "
              f"ping and HTTP through the tunnel, {direct} directly, "
              f"{seconds:.0f} s")
    if bad:
        print(tailnet.log_tails(), file=sys.stderr)
    return 1 if bad else 0


def _report(tailnet, ways, seconds):
    return {
        "ok": all(way.ok for way in ways),
        "seconds": round(seconds, 1),
        "nodes": [{"name": node.name, "address": node.known_address,
                   "nat": node.kind.name} for node in tailnet.nodes.values()],
        "pairs": [{"from": way.source, "to": way.target, "ok": way.ok,
                   "way": way.kind, "via": way.via, "rtt_ms": way.rtt_ms,
                   "http_bytes": way.num_bytes, "error": way.error}
                  for way in ways],
    }


def _watch(tailnet, ways):
    """Keeps a live table on the terminal until interrupted."""
    nodes = list(tailnet.nodes.values())
    by_name = tailnet.nodes
    hint = _hint(tailnet)
    stop = threading.Event()
    shown = None
    while not stop.wait(0 if shown is None else _REFRESH_SECONDS):
        for program in tailnet.programs():
            if not program.running():
                raise LabError(f"{program.name} ended by itself")

        def probe(way):
            way.rtt_ms = proof.ping(by_name[way.source],
                                    by_name[way.target].known_address, 1) or 0

        proof.for_each(probe, ways)
        proof.read_paths(nodes, ways)
        text = table.render(tailnet, ways)
        outside.publish(tailnet, text, _report(tailnet, ways, 0))
        if sys.stdout.isatty():
            print("\x1b[H\x1b[J" + text + "\n\n" + hint, flush=True)
        elif shown is None:
            print(text + "\n\n" + hint, flush=True)
        shown = text


def _hint(tailnet):
    """What a person may try; every line is a command that works here."""
    one, two = list(tailnet.nodes)[:2]
    rows = ((f"exec {one} -- ping {two}", "from one device to another"),
            (f"exec {one} -- warren status", "what a device knows"),
            ("admin node list", "all devices"),
            ("admin policy get", "who may reach whom"),
            (f"admin policy can {one} {two}:22/tcp", "yes or no, by which line"),
            (f"admin policy who {two}", "who reaches this one"))
    width = max(len(command) for command, _ in rows)
    lines = [f"  ./dev tailnet {command:{width}}   {what}"
             for command, what in rows]
    return "\n".join([
        "Become the owner, in a browser of this machine (the link is good "
        f"once):\n  {tailnet.owner_link()}", "Try, in another shell:", *lines,
        "Ctrl-C here, or ./dev tailnet down there, ends it and leaves nothing "
        "behind."])


if __name__ == "__main__":
    sys.exit(main())
