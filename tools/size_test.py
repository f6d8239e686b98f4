#!/usr/bin/python3
"""Holds the hard stops on sizes; tools/size_exceptions.txt lets some pass."""

import re

import source_tree

MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 500
MAX_HEADER_LINES = 200

EXCEPTIONS = "tools/size_exceptions.txt"
_CODE = (".h", ".cc", ".py", ".sh", ".bzl", ".ts", ".tsx", ".js", ".css", ".proto")


def _exceptions(root: str) -> set[str]:
    """The subjects excepted; each line is the subject, blanks, its reason."""
    subjects = set()
    for line in source_tree.read(root, EXCEPTIONS).splitlines():
        if not line or line.startswith("#"):
            continue
        subject, _, reason = line.partition(" ")
        if not reason.strip():
            raise SystemExit(f"{EXCEPTIONS}: no reason given for {subject}")
        subjects.add(subject)
    return subjects


def functions(text: str) -> list[tuple[str, int, int]]:
    """(name, first line, number of lines) of each outermost function body.

    Good enough for clang-formatted C++: a brace outside parentheses opens a
    function if what stands before it has a parameter list.
    """
    code = source_tree.without_comments(text, keep_strings=False)
    code = re.sub(r"^[ \t]*#(?:.*\\\n)*.*", lambda m: "\n" * m.group().count("\n"),
                  code, flags=re.MULTILINE)
    found: list[tuple[str, int, int]] = []
    open_braces: list[tuple[str, int] | None] = []
    in_function = False
    parentheses, line, head = 0, 1, ""
    for char in code:
        line += char == "\n"
        parentheses += (char == "(") - (char == ")")
        if char == "{":
            name = re.search(r"([\w~:]+)\s*\(", head)
            opens = (name and not in_function and not parentheses
                     and not head.rstrip().endswith("="))
            open_braces.append((name.group(1), line) if opens else None)
            in_function = in_function or bool(opens)
            head = ""
        elif char == "}":
            if open_braces and (function := open_braces.pop()):
                found.append((*function, line - function[1] + 1))
                in_function = False
            head = ""
        elif char == ";":
            head = ""
        else:
            head += char
    return found


def violations(root: str) -> list[str]:
    excepted = _exceptions(root)
    found = []

    def hold(subject: str, lines: int, limit: int) -> None:
        if lines > limit and subject not in excepted:
            found.append(f"{subject}: {lines} lines, at most {limit}")

    for path in source_tree.files(root, _CODE):
        text = source_tree.read(root, path)
        limit = MAX_HEADER_LINES if path.endswith(".h") else MAX_FILE_LINES
        hold(path, text.count("\n"), limit)
        if path.endswith((".h", ".cc")):
            for name, _, lines in functions(text):
                hold(f"{path}#{name}", lines, MAX_FUNCTION_LINES)
    return found


if __name__ == "__main__":
    source_tree.main(violations)
