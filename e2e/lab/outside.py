"""The one tailnet that `./dev tailnet` runs, as other shells find it.

The lab's own namespaces hide everything; this folder is the only thing of it
that the machine sees, and it is removed with the lab.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

from lab import private
from lab.programs import PLACE

FOLDER = "/run/warren-tailnet"
WEB_PORT = 8420
_WEB = "WARREN_LAB_WEB"
HOSTS = f"{PLACE}/hosts"


def claim():
    """Makes FOLDER, unless another lab has it. Before private.enter()."""
    if private.is_private():
        return
    private.require_root()
    running = _running()
    if running:
        sys.exit(f"tailnet: one runs already (process {running}); see it with "
                 "./dev tailnet status, end it with ./dev tailnet down")
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER, mode=0o755)


def browsers_socket():
    """A listening socket of this machine's loopback, outside the lab's
    namespaces; its descriptor stays open inside. Before private.enter()."""
    if private.is_private():
        return int(os.environ[_WEB])
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", WEB_PORT))
    except OSError:
        listener.bind(("127.0.0.1", 0))  # somebody has it: any other
    listener.listen()
    os.environ[_WEB] = str(listener.fileno())
    return listener.detach()


def web_url(descriptor):
    """How a browser of this machine reaches that socket. By name, because
    passkeys want one."""
    with socket.socket(fileno=os.dup(descriptor)) as listener:
        return f"http://localhost:{listener.getsockname()[1]}"


def publish(tailnet, text, report):
    """What status prints, and the names that exec resolves."""
    _write("table", text)
    _write("report.json", json.dumps(report, indent=2))
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    lines += [f"{node.known_address} {node.name}"
              for node in tailnet.nodes.values()]
    with open(HOSTS, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def _status(arguments):
    _need_running()
    name = "report.json" if arguments.json else "table"
    path = os.path.join(FOLDER, name)
    if not os.path.exists(path):
        sys.exit("tailnet: it is still coming up")
    with open(path, encoding="utf-8") as file:
        print(file.read())
    return 0


def _exec(arguments):
    private.require_root()
    inner = _inner(_need_running())
    node = arguments.node
    names = sorted(os.listdir(f"/proc/{inner}/root{PLACE}/nodes"))
    if node not in names:
        sys.exit(f"tailnet: no node \"{node}\"; there are {', '.join(names)}")
    # In a mount namespace of its own the node finds its daemon's socket and
    # its tailnet's names where a real machine has them.
    script = (f"mount --bind {HOSTS} /etc/hosts && mkdir -p /run/warren && "
              f"mount --bind {PLACE}/nodes/{node}/run /run/warren && "
              'cd "$1" 2>/dev/null; shift; exec "$@"')
    programs = ":".join(os.path.join(arguments.bin_dir, folder)
                        for folder in ("client/cli", "admin-cli"))
    environment = dict(os.environ,
                       PATH=f"{programs}:{os.environ.get('PATH', '')}")
    command = ["nsenter", "--target", str(inner), "--mount", "--pid",
               f"--net=/proc/{inner}/root/run/netns/{node}", "--",
               "unshare", "--mount", "--propagation", "private", "--",
               "sh", "-c", script, "sh", os.getcwd(), *arguments.command]
    sys.stdout.flush()
    os.execvpe(command[0], command, environment)


def _admin(arguments):
    """`warren-admin` where its server is, with this shell's files."""
    private.require_root()
    inner = _inner(_need_running())
    program = os.path.join(arguments.bin_dir, "admin-cli", "warren-admin")
    script = 'cd "$1" 2>/dev/null; shift; exec "$@"'
    sys.stdout.flush()
    os.execvp("nsenter", [
        "nsenter", "--target", str(inner), "--mount", "--pid",
        f"--net=/proc/{inner}/root/run/netns/control", "--", "sh", "-c", script,
        "sh", os.getcwd(), program, "--socket", f"{PLACE}/admin.sock",
        *arguments.command])


def _down(_arguments):
    private.require_root()
    outer = _need_running()
    os.kill(_inner(outer), signal.SIGTERM)
    end = time.monotonic() + 20
    while os.path.exists(FOLDER):
        if time.monotonic() > end:
            sys.exit(f"tailnet: process {outer} did not end within 20 s")
        time.sleep(0.05)
    print("tailnet: down")
    return 0


VERBS = {"status": _status, "exec": _exec, "admin": _admin, "down": _down}


def _write(name, text):
    path = os.path.join(FOLDER, name)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


def _running():
    """The process that holds the running lab, or 0."""
    try:
        with open(os.path.join(FOLDER, "pid"), encoding="utf-8") as file:
            pid = int(file.read())
        with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
            return pid if file.read().startswith("unshare") else 0
    except (OSError, ValueError):
        return 0


def _need_running():
    pid = _running()
    if not pid:
        sys.exit("tailnet: none runs; start one with ./dev tailnet")
    return pid


def _inner(outer):
    """The first process of the lab's own pid namespace."""
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(outer)],
                              capture_output=True, text=True, check=False)
    pids = children.stdout.split()
    if not pids:
        sys.exit("tailnet: it is ending or has only begun")
    return int(pids[0])
