"""The sources of the workspace, as the tests that hold our rules see them.

A test gets the path of the WORKSPACE file; where that link really leads is the
root of the source tree, so a new package is seen without being listed.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator

_LITERALS_AND_COMMENTS = re.compile(
    r'R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"'  # string
    r"|'(?:\\.|[^'\\\n])'"  # character
    r"|//[^\n]*"
    r"|/\*.*?\*/",
    re.DOTALL,
)


def files(root: str, endings: tuple[str, ...]) -> Iterator[str]:
    """Yields the files below `root` with these endings, relative, sorted."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            f
            for f in folders
            if not f.startswith((".", "bazel-")) and f != "node_modules"
        )
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.relpath(os.path.join(folder, name), root)


def read(root: str, path: str) -> str:
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def without_comments(text: str, keep_strings: bool) -> str:
    """C++ `text` with comments, and maybe literals, blanked; lines stay."""

    def blank(match: re.Match[str]) -> str:
        literal = not match.group().startswith("/")
        if literal and keep_strings:
            return match.group()
        return '""' * literal + "\n" * match.group().count("\n")

    return _LITERALS_AND_COMMENTS.sub(blank, text)


def main(violations: Callable[[str], list[str]]) -> None:
    """Runs a check over the tree that argv[1], a WORKSPACE file, lies in."""
    found = violations(os.path.dirname(os.path.realpath(sys.argv[1])))
    print("\n".join(found))
    sys.exit(1 if found else 0)
