#!/usr/bin/python3
"""How fast paths are found and mended, with real daemons behind real NATs.

Each figure has a lab of its own in private namespaces. It needs root and some
minutes; other work on the machine shows in the times.
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys

_HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [_HERE, os.path.join(_HERE, "../e2e")]

import path_figures  # noqa: E402
from lab import private  # noqa: E402
from lab.tailnet import Tailnet  # noqa: E402

# A link of 50 ms: so long there and back, from each site to the internet.
_DELAY_MS = 25
FIGURES = {  # runs, delay of each link one way, function of tailnet and runs
    "up": (15, 0, lambda t, n: path_figures.up_to_direct(t, n, 0)),
    "far": (15, _DELAY_MS,
            lambda t, n: path_figures.up_to_direct(t, n, _DELAY_MS)),
    "hard": (20, 0, path_figures.easy_with_hard),
    "gap": (8, 0, path_figures.gaps),
    "idle": (1, 0, path_figures.idle),
}


def measure(name, bin_dir, runs):
    """In private namespaces: prints the rows of one figure as JSON."""
    private.enter()
    usual, delay_ms, figure = FIGURES[name]
    tailnet = Tailnet(bin_dir, delay_ms)
    tailnet.start_servers()
    rows = figure(tailnet, runs or usual)
    print(json.dumps([dataclasses.asdict(row) for row in rows]))
    for program in tailnet.programs():
        program.stop(9)


def measured(name, arguments):
    """The rows of one figure, measured by a process of its own."""
    done = subprocess.run(
        [sys.executable, os.path.realpath(__file__), "--bin-dir",
         arguments.bin_dir, "--runs", str(arguments.runs), "--measure", name],
        stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"paths: {name} could not be measured")
    return [path_figures.Row(**row) for row in json.loads(done.stdout)]


def line(row):
    def shown(value):
        return f"{value:.0f}" if value >= 100 or row.unit in ("ms", "B") else (
            f"{value:.2f}")

    goal = "" if row.goal is None else f"< {row.goal:g}"
    cells = [shown(row.value(name)) for name in ("median", "p95", "worst")]
    ok = "" if row.goal is None else ("ok" if row.ok else "NOT MET")
    title = f"{row.title}, {row.unit}" if row.unit else row.title
    by = "" if row.goal is None or row.by == "median" else f" ({row.by})"
    return (f"{title:62}{goal + by:>13}" + "".join(f"{c:>9}" for c in cells)
            + f"{len(row.samples):>6}  {ok}")


def main():
    parser = argparse.ArgumentParser(
        prog="./dev bench paths", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=0, metavar="N",
                        help="of each figure; else 8 to 20")
    parser.add_argument("--json", action="store_true", help="print all samples")
    parser.add_argument("--bin-dir", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("figures", nargs="*", metavar="FIGURE",
                        help=f"of {', '.join(FIGURES)}; else all")
    arguments = parser.parse_args()
    unknown = set(arguments.figures) - set(FIGURES)
    if unknown:
        parser.error(f"no figure {', '.join(unknown)}")
    arguments.bin_dir = os.path.realpath(arguments.bin_dir)
    if arguments.measure:
        return measure(arguments.measure, arguments.bin_dir, arguments.runs)
    private.require_root()
    if not arguments.json:
        print(f"{'figure':62}{'goal':>13}{'median':>9}{'p95':>9}{'worst':>9}"
              f"{'runs':>6}", flush=True)
    every = []
    for name in arguments.figures or FIGURES:
        rows = measured(name, arguments)
        every += rows
        if not arguments.json:
            print("\n".join(map(line, rows)), flush=True)
    if arguments.json:
        print(json.dumps([dataclasses.asdict(row) for row in every], indent=1))
    return 0 if all(row.ok for row in every) else 1


sys.exit(main())
