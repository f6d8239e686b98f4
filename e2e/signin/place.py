"""A control server, a provider and a browser on the loopback of a private
network, and what an administrator and a device do there."""

import json
import os
import re
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(0, HERE)

from lab.programs import PLACE, wait_until  # noqa: E402


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Control:
    """warren-control at http://localhost:PORT, which browsers hold secure."""

    def __init__(self, bin_dir, *options):
        self._bin = bin_dir
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.state = f"{PLACE}/control"
        self.socket = f"{PLACE}/admin.sock"
        self._options = options
        self._process = None
        os.makedirs(self.state, mode=0o700, exist_ok=True)
        self.start()

    def program(self, name):
        folder = {"warren": "client/cli", "warrend": "client/daemon",
                  "warren-admin": "admin-cli", "warren-control": "control",
                  "admin_call": "e2e/signin"}
        return os.path.join(self._bin, folder[name], name)

    @property
    def log_path(self):
        return f"{PLACE}/control.log"

    def start(self):
        with open(self.log_path, "ab") as log:
            self._process = subprocess.Popen(
                [self.program("warren-control"), "serve", "--state-dir",
                 self.state, "--admin-socket", self.socket, "--listen",
                 f"127.0.0.1:{self.port}", "--public-url", self.url,
                 *self._options], stdout=log, stderr=log)
        wait_until(lambda: self.admin("server", "show", check=False)
                   .returncode == 0, 20, "control answers")

    def stop(self):
        self._process.terminate()
        self._process.wait(20)

    def owner_link(self):
        with open(f"{self.state}/owner-link", encoding="ascii") as file:
            return file.read().strip()

    def admin(self, *argv, check=True, stdin=None):
        return subprocess.run(
            [self.program("warren-admin"), "--socket", self.socket, *argv],
            check=check, capture_output=True, text=True, timeout=30,
            input=stdin)

    def call(self, method, request=None):
        """A method of the admin API, as the operator."""
        done = subprocess.run(
            [self.program("admin_call"), self.socket, method,
             json.dumps(request or {})],
            capture_output=True, text=True, timeout=30, check=False)
        if done.returncode:
            raise RuntimeError(f"{method}: {done.stderr}")
        return json.loads(done.stdout)


class Device:
    """warrend and what its user types."""

    def __init__(self, control, name):
        self._control = control
        self.name = name
        self.socket = f"{PLACE}/{name}.sock"
        state = f"{PLACE}/{name}"
        os.makedirs(state, mode=0o700)
        self._log = open(f"{PLACE}/{name}.log", "ab")
        self._daemon = subprocess.Popen(
            [control.program("warrend"), "--state-dir", state, "--socket",
             self.socket, "--tun", f"w{name[:10]}"],
            stdout=self._log, stderr=self._log)
        self._up = None
        wait_until(lambda: self.cli("status").returncode == 0, 20,
                   f"{name}'s daemon answers")

    def cli(self, *argv):
        return subprocess.run(
            [self._control.program("warren"), "--socket", self.socket, *argv],
            capture_output=True, text=True, timeout=30, check=False)

    def up(self, hostname):
        """Begins `warren up`; returns the URL that it prints."""
        output = f"{PLACE}/{self.name}.up"
        with open(output, "wb") as file:
            self._up = subprocess.Popen(
                [self._control.program("warren"), "--socket", self.socket, "up",
                 "--login-server", self._control.url, "--hostname", hostname],
                stdout=file, stderr=file)

        def link():
            with open(output, encoding="utf-8", errors="replace") as file:
                found = re.search(r"http://localhost:\d+/login/\S+", file.read())
            return found and found.group(0)
        return wait_until(link, 30, f"{self.name} prints a link")

    def finish_up(self):
        """Waits for `warren up`; its exit code and what it said."""
        code = self._up.wait(60)
        with open(f"{PLACE}/{self.name}.up", encoding="utf-8",
                  errors="replace") as file:
            return code, file.read()

    def stop(self):
        for process in (self._up, self._daemon):
            if process and process.poll() is None:
                process.terminate()
                process.wait(10)
        if not self._log.closed:
            self._log.close()


def totp(secret_base32, at=None):
    """The code of RFC 6238 for now."""
    import base64
    import hashlib
    import hmac
    import struct
    padding = "=" * (-len(secret_base32) % 8)
    key = base64.b32decode(secret_base32 + padding)
    step = int((time.time() if at is None else at) // 30)
    mac = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = mac[-1] & 15
    number = struct.unpack(">I", mac[offset:offset + 4])[0] & 0x7fffffff
    return f"{number % 1_000_000:06d}"
