"""A control server on a free port of the loopback, in a folder of its own, and
warren-admin against it."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Done:
    """How a command ended."""

    def __init__(self, argv, process):
        self.argv = argv
        self.code = process.returncode
        self.out, self.err = process.stdout, process.stderr

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return (f"`{' '.join(self.argv)}` ended with {self.code}\n"
                f"{self.out}{self.err}")


class Place:
    """The server; `with` ends it and removes its folder."""

    def __init__(self, bin_dir, *options):
        self._bin = os.path.realpath(bin_dir)
        self._folder = tempfile.TemporaryDirectory(prefix="warren-cli-")
        self.folder = self._folder.name
        self.state = f"{self.folder}/state"
        self.socket = f"{self.folder}/admin.sock"
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._options = options
        self._process = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self._folder.cleanup()

    def program(self, name):
        folder = {"warren-admin": "admin-cli", "warren-control": "control"}
        return os.path.join(self._bin, folder[name], name)

    def start(self):
        with open(f"{self.folder}/log", "ab") as log:
            self._process = subprocess.Popen(
                [self.program("warren-control"), "serve", "--state-dir",
                 self.state, "--admin-socket", self.socket, "--listen",
                 f"127.0.0.1:{self.port}", "--public-url", self.url,
                 *self._options], stdout=log, stderr=log)
        end = time.monotonic() + 20
        while self.admin("server", "show").code != 0:
            if time.monotonic() > end or self._process.poll() is not None:
                sys.exit(f"no answer from control:\n{self.log()}")
            time.sleep(0.05)

    def stop(self):
        if self._process:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def log(self):
        with open(f"{self.folder}/log", encoding="utf-8") as file:
            return file.read()

    def admin(self, *argv, stdin="", env=None):
        """`warren-admin ARGV`, at its server."""
        return self.run("warren-admin", "--socket", self.socket, *argv,
                        stdin=stdin, env=env)

    def run(self, name, *argv, stdin="", env=None):
        argv = [self.program(name), *argv]
        return Done(argv, subprocess.run(
            argv, capture_output=True, text=True, timeout=60, check=False,
            input=stdin, env=self.environment(env), cwd=self.folder))

    def environment(self, more=None):
        """Ours, with the programs in PATH as where they are installed."""
        folders = [os.path.dirname(self.program(name))
                   for name in ("warren-admin", "warren-control")]
        return dict(os.environ, PATH=":".join([*folders, os.environ["PATH"]]),
                    **(more or {}))

    def write(self, name, text):
        path = f"{self.folder}/{name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path
