"""Starts and watches the programs of a lab; everything by command line alone."""

import json
import os
import signal
import subprocess
import time

from lab import net

PLACE = "/run/lab"  # state, sockets and logs; private to the lab


class LabError(Exception):
    """Something did not come up or did not answer; the text is for people."""


def wait_until(condition, seconds, what):
    """Returns condition()'s first true value; LabError after `seconds`.

    Polls, because what it waits for crosses process borders.
    """
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"after {seconds:.0f} s still not: {what}")
        time.sleep(0.05)


class Program:
    """One running program in a namespace, its log in PLACE/logs."""

    def __init__(self, name, namespace, argv, environment=None, keep=()):
        self.name = name
        self.namespace = namespace
        self.argv = argv
        self.environment = environment or {}  # on top of ours, at each start
        self._keep = keep  # descriptors of ours that it gets
        self._process = None
        self.start()

    @property
    def log_path(self):
        return f"{PLACE}/logs/{self.name}.log"

    @property
    def pid(self):
        return self._process.pid

    def start(self):
        os.makedirs(f"{PLACE}/logs", exist_ok=True)
        with open(self.log_path, "ab") as log:
            # A session of its own: Ctrl-C reaches the lab, which stops them
            # in order.
            self._process = subprocess.Popen(
                net.inside(self.namespace, *self.argv), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
                pass_fds=self._keep,
                env=dict(os.environ, **self.environment))

    def running(self):
        return self._process.poll() is None

    def exit_code(self):
        return self._process.poll()

    def stop(self, how=signal.SIGTERM, seconds=5):
        """Ends it and returns its exit code; SIGKILL when it does not listen."""
        if self.running():
            self._process.send_signal(how)
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise LabError(f"{self.name} did not end within {seconds} s of "
                           f"{signal.Signals(how).name}") from None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()


def call(namespace, *argv, seconds=30, check=True, env=None):
    """Runs a command in a namespace to its end; returns its CompletedProcess."""
    try:
        done = subprocess.run(net.inside(namespace, *argv), text=True,
                              capture_output=True, timeout=seconds,
                              stdin=subprocess.DEVNULL,
                              env=dict(os.environ, **env) if env else None)
    except subprocess.TimeoutExpired:
        raise LabError(f"`{' '.join(argv)}` in {namespace} did not end within "
                       f"{seconds} s") from None
    if check and done.returncode:
        words = (done.stderr or done.stdout).strip()
        raise LabError(f"`{' '.join(argv)}` in {namespace}: {words}")
    return done


def call_json(namespace, *argv, **options):
    text = call(namespace, *argv, **options).stdout
    try:
        return json.loads(text)
    except ValueError:
        raise LabError(f"`{' '.join(argv)}` printed no JSON: {text[:200]!r}"
                       ) from None
