#!/usr/bin/python3
"""warren-wg beside wireguard-go: speed, CPU and memory, in one alternating run.

Both ends of the tunnel run on this machine, in two namespaces with a veth
between them, so they share its cores: compare the ratios, which stay when the
machine is busy, never the numbers of two runs.

  TCP      one stream of iperf3 through the tunnel
  CPU      of both daemons, user and system, for each gigabyte that came; also
           the kernel's work inside their system calls
  64 B     UDP packets that came, sent as fast as one iperf3 can
  ping     round trip while nothing else happens
  memory   the most that the larger daemon had resident, after all this
"""

import argparse
import json
import os
import statistics
import sys
import time

_HERE = os.path.dirname(os.path.realpath(__file__))  # bazel run links here
for _folder in ("../e2e", "../e2e/wireguard"):
    sys.path.insert(0, os.path.join(_HERE, _folder))

from lab import private
from lab.programs import Program, wait_until
from pair import GO, WARREN, Pair

TICKS = os.sysconf("SC_CLK_TCK")
MEASURES = (  # key, title, unit, larger is better
    ("tcp", "TCP, 1 stream", "Gb/s", True),
    ("cpu", "CPU of both daemons", "s/GB", False),
    ("pps", "UDP 64 B", "k packets/s", True),
    ("ping", "ping, median", "ms", False),
    ("rss", "memory, peak", "MB", False),
)


def cpu_seconds(program):
    with open(f"/proc/{program.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_megabytes(program):
    with open(f"/proc/{program.pid}/status", encoding="ascii") as file:
        line = next(x for x in file if x.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def iperf3(sender, receiver, seconds, *options):
    server = Program(f"iperf3-{time.monotonic_ns()}", receiver.name,
                     ["iperf3", "--forceflush", "-s", "-1", "-B",
                      receiver.inner(4)])
    wait_until(lambda: "listening" in server.log(), 10, "iperf3 listens")
    done = sender.run("iperf3", "-J", "-c", receiver.inner(4), "-t",
                      str(seconds), *options, seconds=seconds + 30)
    server.stop()
    return json.loads(done.stdout)["end"]


def sample(pair, kind, seconds):
    """One fresh start of both daemons, and every measure of it."""
    daemons = []
    for host in (pair.a, pair.b):
        host.start(kind)
        daemons.append(host.daemon)
    pair.connect()
    pair.a.reaches(pair.b.inner(4))
    text = pair.a.run("ping", "-n", "-c", "50", "-i", "0.01",
                      pair.b.inner(4)).stdout
    times = [float(x.split("time=")[1].split()[0])
             for x in text.splitlines() if "time=" in x]
    before = sum(cpu_seconds(d) for d in daemons)
    tcp = iperf3(pair.a, pair.b, seconds)["sum_received"]
    cpu = sum(cpu_seconds(d) for d in daemons) - before
    udp = iperf3(pair.a, pair.b, seconds, "-u", "-l", "64", "-b", "0")["sum"]
    came = udp["packets"] * (1 - udp["lost_percent"] / 100)
    result = {
        "tcp": tcp["bits_per_second"] / 1e9,
        "cpu": cpu / (tcp["bytes"] / 1e9),
        "pps": came / udp["seconds"] / 1e3,
        "ping": statistics.median(times),
        "rss": max(peak_megabytes(d) for d in daemons),
    }
    pair.stop()
    return result


def table(samples):
    rows = [f"{f'median of {len(samples[WARREN])} (min..max)':30}"
            f"{WARREN:>22}{GO:>22}   ratio"]
    for key, title, unit, larger in MEASURES:
        cells, medians = [], []
        for kind in (WARREN, GO):
            values = [s[key] for s in samples[kind]]
            medians.append(statistics.median(values))
            cells.append(f"{medians[-1]:.2f} ({min(values):.2f}..{max(values):.2f})")
        ratio = medians[0] / medians[1] if larger else medians[1] / medians[0]
        rows.append(f"{title + ', ' + unit:30}{cells[0]:>22}{cells[1]:>22}"
                    f"   {ratio:.1f}x")
    return "\n".join(rows)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each transfer")
    parser.add_argument("--json", action="store_true",
                        help="print every sample as JSON instead of the table")
    parser.add_argument("--bin-dir", help="where the built programs are")
    args = parser.parse_args()
    if args.bin_dir:
        os.environ["WARREN_WG"] = os.path.abspath(
            os.path.join(args.bin_dir, "client/wg/warren-wg"))
    private.enter()
    pair = Pair()
    samples = {WARREN: [], GO: []}
    for number in range(args.rounds):
        for kind in samples:
            samples[kind].append(sample(pair, kind, args.seconds))
            tcp = samples[kind][-1]["tcp"]
            print(f"round {number + 1}: {kind} {tcp:.2f} Gb/s", file=sys.stderr)
    print(json.dumps(samples, indent=1) if args.json else table(samples))


main()
