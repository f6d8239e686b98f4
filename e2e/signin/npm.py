"""Brings the npm packages of e2e/signin, outside of the source tree.

The versions and their hashes are those of package-lock.json; the place is the
user's cache, one folder for each content of that file. ./dev calls this, and
so do the tests, for which it is quick once it is done.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess

HERE = os.path.dirname(os.path.realpath(__file__))
FILES = ("package.json", "package-lock.json")
TIMEOUT = 300


class Missing(Exception):
    """Node, npm or its registry cannot be had here; the text is for people."""


def _cache():
    # Not $HOME, which tests are given another of.
    home = pwd.getpwuid(os.getuid()).pw_dir
    digest = hashlib.sha256()
    for name in FILES:
        with open(os.path.join(HERE, name), "rb") as file:
            digest.update(file.read())
    return os.path.join(home, ".cache", "warren-npm", digest.hexdigest()[:16])


def _install(folder):
    for program in ("node", "npm"):
        if not shutil.which(program):
            raise Missing(f"{program} is not installed (Debian: nodejs, npm)")
    for name in FILES:
        shutil.copy(os.path.join(HERE, name), folder)
    environment = dict(os.environ, HOME=pwd.getpwuid(os.getuid()).pw_dir)
    try:
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder, env=environment, timeout=TIMEOUT, check=True,
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except subprocess.TimeoutExpired as error:
        raise Missing(f"npm ci: no end within {TIMEOUT} s") from error
    except subprocess.CalledProcessError as error:
        raise Missing(f"npm ci: {error.stderr.strip()[-500:]}") from error


def folder():
    """The folder with node_modules in it, filled if it is not. Missing."""
    path = _cache()
    done = os.path.join(path, "done")
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(done):
            _install(path)
            with open(done, "w", encoding="utf-8"):
                pass
    return path


if __name__ == "__main__":
    try:
        folder()
    except Missing as missing:
        raise SystemExit(f"npm packages of e2e/signin: {missing}") from missing
