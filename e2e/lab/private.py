"""Runs this program in private mount, network and pid namespaces.

All that a lab makes (namespaces, interfaces, processes, files below /run and
/tmp) lives inside them and is gone with the first process, however it ends.
Two labs never meet.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys

_MARK = "WARREN_LAB_PRIVATE"


def is_private():
    return os.environ.get(_MARK) == "1"


def enter(shared=None, keep=()):
    """Returns inside the private namespaces, where it runs this program again.

    The outer process never returns: it waits, and ends with the inner one's
    exit code. When it dies itself, the inner one is killed. `shared` is a
    folder of the machine that stays visible inside; the outer process writes
    its child's process id into `shared`/pid and removes the folder at the end.
    `keep` are descriptors that stay open inside.
    """
    if is_private():
        _make_private_places()
        return
    require_root()
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
               "--mount-proc", "--propagation", "private",
               sys.executable, *sys.argv]
    child = subprocess.Popen(
        command, preexec_fn=_die_with_parent, pass_fds=keep,
        env=dict(os.environ, **{_MARK: "1", "WARREN_LAB_SHARED": shared or ""}))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: _end_inner(child.pid))
    if shared:
        with open(f"{shared}/pid", "w", encoding="utf-8") as file:
            file.write(str(child.pid))
    code = child.wait()
    if shared:
        shutil.rmtree(shared, ignore_errors=True)
    sys.exit(code if code >= 0 else 128 - code)


def _end_inner(unshare):
    """Asks the inner process to end. `unshare` itself, which waits for it,
    blocks signals. Ctrl-C reaches the inner one by itself, too."""
    with open(f"/proc/{unshare}/task/{unshare}/children",
              encoding="utf-8") as file:
        for pid in file.read().split():
            os.kill(int(pid), signal.SIGTERM)


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


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
        # As it is: the name that the descriptor leads to is hidden now.
        subprocess.run(["mount", "--no-canonicalize", "--bind",
                        f"/proc/self/fd/{handle}", shared], check=True,
                       pass_fds=[handle])
        os.close(handle)
    os.makedirs("/run/netns", exist_ok=True)
    if os.path.isfile("/etc/resolv.conf"):
        # The machine's DNS is out of reach: refused at once, not timed out.
        with open("/run/resolv.conf", "w", encoding="ascii") as file:
            file.write("nameserver 127.0.0.1\n")
        subprocess.run(["mount", "--bind", "/run/resolv.conf",
                        "/etc/resolv.conf"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
