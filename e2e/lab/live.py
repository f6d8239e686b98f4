"""A live flow between two nodes while something happens to their networks."""

import contextlib
import json
import time

from lab.flow import Echo, Flow
from lab.programs import LabError, Program, wait_until
from lab.scenario import Failure, is_direct

_TCP_RATE = "2M"  # bits per second


class Live:
    """UDP at 100 packets a second (lab.flow) and a TCP stream (iperf3) from
    `a` to `b`, which are up. Both flow from now on."""

    def __init__(self, a, b, tcp_seconds=0):
        self.a, self.b = a, b
        self._address = b.address()
        self._echo = Echo([b])
        self._tcp = _iperf3(a, b, tcp_seconds) if tcp_seconds else None
        self._flow = Flow(a, self._address)
        self.wait_direct(20, "to begin with")

    def is_direct(self):
        return is_direct(self.a, self.b.name) and is_direct(self.b, self.a.name)

    def wait_direct(self, seconds, when):
        wait_until(self.is_direct, seconds,
                   f"{self.a.name} and {self.b.name} talk directly {when}")

    def flows_since(self, at, seconds, what):
        """Half a second of packets sent after `at` were answered."""
        wait_until(lambda: self._flow.answered_since(at) >= 50, seconds,
                   f"packets flow after {what}")

    def through(self, what, act, seconds=20, direct=True):
        """Does `act`, and returns when it was. Afterwards packets flow again
        within `seconds`, and take the direct path if `direct`."""
        at = time.monotonic()
        act()
        self.flows_since(time.monotonic(), seconds, what)
        if direct:
            self.wait_direct(seconds, f"after {what}")
            # What they say may be of before: see that it lasts.
            self.flows_since(time.monotonic() + 1, seconds, what)
            self.wait_direct(seconds, f"some time after {what}")
        return at

    def stop(self):
        """The Record of the UDP flow; Failure if the TCP stream broke."""
        record = self._flow.stop()
        self._echo.stop()
        if self._tcp:
            self._tcp()
        return record


def _iperf3(a, b, seconds):
    """Starts a TCP stream; returns what waits for its good end."""
    address = b.address()
    server = Program(f"iperf3-{b.name}", b.name,
                     ["iperf3", "--forceflush", "-s", "-1", "-B", address])
    wait_until(lambda: "listening" in server.log(), 10, "iperf3 listens")
    client = Program(f"iperf3-{a.name}", a.name, [
        "iperf3", "-J", "-c", address, "-t", str(seconds), "-b", _TCP_RATE,
        "-l", "4K"])

    def finish():
        wait_until(lambda: not client.running(), seconds + 20, "iperf3 ends")
        with contextlib.suppress(LabError):
            server.stop()
        report = json.loads(client.log())
        if "error" in report:
            raise Failure(f"the TCP stream broke: {report['error']}")
        last = [part["sum"] for part in report["intervals"]
                if part["sum"]["seconds"] > 0.5][-2:]
        if not all(part["bytes"] for part in last):
            raise Failure("the TCP stream stands still at its end")

    return finish
