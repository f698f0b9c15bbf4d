# SPDX-License-Identifier: MIT
"""YAML files as plain values that remember their lines, and nothing dangerous.

Built from the parser's events instead of its nodes: libyaml's composer
recurses in C, and an alias bomb only explodes for those who follow aliases.
Plain scalars are read as YAML 1.2 reads them, so `no` is a word and `012`
is text, never a surprise.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

import yaml

from tinhnet.errors import Problem

Scalar: TypeAlias = str | int | float | bool | date | None
Value: TypeAlias = "Scalar | list[Value] | dict[str, Value]"
Where: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 4 * 1024 * 1024  # the 2025 model of 109 sites has 0.1 MB
MAX_DEPTH = 12  # our deepest value, a tenancy's date, is at 5

INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})\Z")
FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]{1,3})?\Z")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its top mapping and the line of every value, keyed by path.

    `lines` maps ("sites", 3, "number") to the line where that key stands,
    counted from 1; () is the first line.
    """

    file: str
    content: dict[str, Value]
    lines: dict[Where, int]

    def line(self, *path: str | int) -> int:
        """Return the line of `path`, or of the nearest thing around it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: Where, message: str, hint: str = "") -> Problem:
        """Return a problem that stands at `path`."""
        return Problem(self.file, self.line(*path), message, hint)


class _FaultError(Exception):
    """A fault of the text itself, after which nothing more of the file is read."""

    def __init__(self, line: int | None, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.message = message
        self.hint = hint


def read(path: Path, shown: str) -> tuple[Document | None, bytes, list[Problem]]:
    """Read one file; `shown` is the name people see.

    None when the text is no YAML mapping; problems may exist beside a
    document (a key that stands twice).  The bytes are for the digest.
    """
    try:
        raw = _bytes(path)
        text = _text(raw)
        builder = _Builder(shown)
        content = builder.build(text)
    except _FaultError as fault:
        return None, b"", [Problem(shown, fault.line, fault.message, fault.hint)]
    return Document(shown, content, builder.lines), raw, builder.problems


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise _FaultError(
            None, "no such file", "every inventory needs it; docs/inventory.md shows one"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise _FaultError(None, f"cannot be read: {reason}", "check its owner and mode") from error
    if len(raw) > MAX_BYTES:
        raise _FaultError(None, f"is larger than {MAX_BYTES} bytes", "is it the right file?")
    if not raw.strip():
        raise _FaultError(None, "is empty", 'start it with "format: 1"')
    return raw


def _text(raw: bytes) -> str:
    try:
        return unicodedata.normalize("NFC", raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        value = f"byte 0x{raw[error.start]:02x}"
        raise _FaultError(
            line, f"{value} is not UTF-8", 'save the file as UTF-8 (in vim ":set fenc=utf-8")'
        ) from error


class _Builder:
    """Turns parser events into values, lines and problems, without recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Where, int] = {}
        self.problems: list[Problem] = []
        self._stack: list[tuple[dict[str, Value] | list[Value], Where]] = []
        self._key: list[str | None] = []
        self._root: Value = None
        self._documents = 0

    def build(self, text: str) -> dict[str, Value]:
        """Return the top mapping of `text`."""
        for event in _events(text):
            self._take(event)
        if not isinstance(self._root, dict):
            raise _FaultError(1, "is not a mapping", 'write "key: value" lines at the top level')
        return self._root

    def _take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise _FaultError(line, "a second document starts here", 'remove the "---" line')
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._open(event, line)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._stack.pop()
            self._key.pop()
        elif isinstance(event, yaml.AliasEvent):
            raise _FaultError(
                line, f"alias *{event.anchor}", "write the value out; no aliases here"
            )

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, line: int) -> None:
        _refuse_tag(event.tag, line)
        if len(self._stack) >= MAX_DEPTH:
            raise _FaultError(line, f"is nested deeper than {MAX_DEPTH} levels", "flatten it")
        child: dict[str, Value] | list[Value] = (
            {} if isinstance(event, yaml.MappingStartEvent) else []
        )
        path = self._put(child, line)
        self._stack.append((child, path))
        self._key.append(None)

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        _refuse_tag(event.tag, line)
        if self._stack and isinstance(self._stack[-1][0], dict) and self._key[-1] is None:
            self._name(event.value, line)
            return
        self._put(_scalar(event.value) if event.implicit[0] else event.value, line)

    def _name(self, key: str, line: int) -> None:
        """Take a scalar as the next key of the mapping on top of the stack."""
        container, path = self._stack[-1]
        if key in container:
            first = self.lines[(*path, key)]
            self.problems.append(
                Problem(
                    self.file,
                    line,
                    f'key "{key}" stands here again, first on line {first}',
                    "keep one of them",
                )
            )
        else:
            self.lines[(*path, key)] = line
        self._key[-1] = key

    def _put(self, value: Value, line: int) -> Where:
        """Put a value where the stack points; return its path."""
        if not self._stack:
            self._root = value
            self.lines[()] = line
            return ()
        container, path = self._stack[-1]
        if isinstance(container, list):
            here: Where = (*path, len(container))
            container.append(value)
            self.lines[here] = line
            return here
        key = self._key[-1]
        if key is None:
            raise _FaultError(line, "a key is itself a list or mapping", "use a plain word as key")
        self._key[-1] = None
        container.setdefault(key, value)
        return (*path, key)


def _events(text: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise _FaultError(line, f"is no YAML: {error.problem}", _yaml_hint(text, line)) from error
    except yaml.reader.ReaderError as error:
        line = text.encode().count(b"\n", 0, error.position) + 1
        raise _FaultError(
            line, f"character #x{error.character:04x} is not allowed", "remove it"
        ) from error


def _yaml_hint(text: str, line: int | None) -> str:
    lines = text.splitlines()
    for number in (line, (line or 1) - 1):
        if number is None or not 1 <= number <= len(lines):
            continue
        if "\t" in lines[number - 1][: len(lines[number - 1]) - len(lines[number - 1].lstrip())]:
            return "indent with spaces, YAML allows no tabs"
    return "look at the indentation and the quotes on this line and the one before"


def _refuse_tag(tag: str | None, line: int) -> None:
    if tag not in (None, "!"):
        raise _FaultError(line, f"tag {tag}", "remove it; plain values only")


def _scalar(text: str) -> Scalar:
    if text in WORDS:
        return WORDS[text]
    if INTEGER.match(text):
        return int(text)
    if FLOAT.match(text):
        return float(text)
    if DATE.match(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text  # the schema says what is wrong with 2016-02-30
    return text
