#!/usr/bin/python3
"""Plays the simulator's scenarios: fresh ones for a night, or one again."""

import argparse
import os
import secrets
import subprocess
import sys
import time


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev sim",
        description="Plays scenarios of the simulator: little internets drawn "
        "from a seed. Without an option, runs the simulator's tests.",
        epilog="Fails if a scenario does, and says how to see it again.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--seeds", type=int, metavar="N",
                      help="play N scenarios of fresh seeds")
    what.add_argument("--seed", type=int, metavar="S",
                      help="play the scenario of this seed")
    parser.add_argument("--trace", action="store_true",
                        help="with --seed: print all that happens")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def _slices(first: int, count: int, parts: int) -> list[tuple[int, int]]:
    """Splits the seeds into runs of like length: (first, count) each."""
    parts = max(1, min(parts, count))
    bounds = [first + count * i // parts for i in range(parts + 1)]
    return [(a, b - a) for a, b in zip(bounds, bounds[1:])]


def _night(program: str, count: int) -> int:
    # Seeds of tests are small; these do not meet them.
    base = 1_000_000 + secrets.randbelow(1 << 48)
    print(f"{count} scenarios from seed {base}", flush=True)
    start = time.monotonic()
    runs = [
        subprocess.Popen([program, str(first), str(length)])
        for first, length in _slices(base, count, os.cpu_count() or 1)
    ]
    failed = sum(run.wait() != 0 for run in runs)
    seconds = time.monotonic() - start
    print(f"{count / seconds:.0f} scenarios a second, in {seconds:.0f} s")
    return 1 if failed else 0


def main() -> int:
    arguments = _arguments()
    if arguments.seed is None:
        return _night(arguments.program, arguments.seeds)
    trace = ["--trace"] if arguments.trace else []
    return subprocess.run(
        [arguments.program, *trace, str(arguments.seed)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
