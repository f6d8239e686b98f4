"""Runs this program in private mount, network and pid namespaces.

All that a lab makes (namespaces, interfaces, processes, files below /run and
/tmp) lives inside them and is gone with the first process, however it ends.
Two labs never meet.
"""

import os
import subprocess
import sys

_MARK = "WARREN_LAB_PRIVATE"


def is_private():
    return os.environ.get(_MARK) == "1"


def enter():
    """Returns inside the private namespaces; re-executes this program once.

    The outer process waits, passes the exit code on, and kills the inner one
    when it dies itself.
    """
    if is_private():
        _make_private_places()
        return
    require_root()
    environment = dict(os.environ, **{_MARK: "1"})
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
               "--mount-proc", "--propagation", "private",
               sys.executable, *sys.argv]
    os.execvpe(command[0], command, environment)


def require_root():
    """Re-executes with sudo, or ends with one clear line."""
    if os.geteuid() == 0:
        return
    if os.path.exists("/usr/bin/sudo") and sys.stdin.isatty():
        os.execv("/usr/bin/sudo", ["sudo", "--preserve-env=PATH", sys.executable,
                                   *sys.argv])
    sys.exit("this needs root: it makes network namespaces and TUN devices")


def _make_private_places():
    """A fresh, empty /run, so that nothing of the machine's is touched.

    Only the folder that tells other shells of this lab is bound back.
    """
    shared = os.environ.get("WARREN_LAB_SHARED", "")
    handle = os.open(shared, os.O_RDONLY | os.O_DIRECTORY) if shared else None
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"],
                   check=True)
    if handle is not None:
        os.makedirs(shared, exist_ok=True)
        subprocess.run(["mount", "--bind", f"/proc/self/fd/{handle}", shared],
                       check=True, pass_fds=[handle])
        os.close(handle)
    os.makedirs("/run/netns", exist_ok=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
