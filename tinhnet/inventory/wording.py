# SPDX-License-Identifier: MIT
"""What pydantic found, in the words of somebody who edits the file."""

import difflib
import json
from collections.abc import Iterable

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from tinhnet.errors import Problem
from tinhnet.inventory.document import Document, Value, Where

MAX_SHOWN = 60  # a value in a message, in characters
NEAR = 0.6  # difflib's usual likeness: "xn-4" finds "xn-04"

# pydantic's names of faults, in the words of the file's author.
EXPECTED = {
    "string_type": "expected text",
    "int_type": "expected a whole number",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
    "date_type": "expected a date such as 2016-12-31",
    "list_type": "expected a list",
    "model_type": "expected a mapping",
    "dict_type": "expected a mapping",
    "too_short": "expected at least one entry",
    "string_too_short": "expected text",
}
NOUNS = {"people": "person", "external": "external network", "patches": "patch"}


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a hint with the nearest known word, or `otherwise`."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=NEAR)
    return f'did you mean "{near[0]}"?' if near else otherwise


def subject(path: Where, item: Value) -> str:
    """Return how people call an entry: "site dien-ban", or "sites entry 4"."""
    section = str(path[0])
    if len(path) == 1:
        return section
    noun = NOUNS.get(section, section.removesuffix("s"))
    entry = item if isinstance(item, dict) else {}
    if isinstance(entry.get("id"), str):
        return f"{noun} {entry['id']}"
    names = [entry.get(key) for key in ("site", "role", "number", "purpose")]
    known = [str(name) for name in names if isinstance(name, str | int)]
    return f"{noun} {' '.join(known)}" if known else f"{section} entry {int(path[1]) + 1}"


def shown(value: object) -> str:
    """Return a value as it would stand in the file, shortened."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def problem(
    document: Document, path: Where, item: Value, model: type[BaseModel], details: ErrorDetails
) -> Problem:
    """Return one fault that pydantic found in the entry `item` at `path`."""
    location = details["loc"]
    where = (*path, *location)
    who = subject(path, item)
    if details["type"] == "extra_forbidden":
        key = str(location[-1])
        fields = _fields(model, location[:-1])
        hint = did_you_mean(key, fields, f"known: {', '.join(fields)}")
        return document.problem(where, f'{who}: unknown key "{key}"', hint)
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in location)
    if details["type"] == "missing":
        return document.problem(where, f"{who}: {key} is missing", "add it")
    what = f"{who}: {key}: " if key else f"{who}: "
    return document.problem(
        where, f"{what}{shown(details['input'])}, {_expected(details)}", _hint(details)
    )


def _fields(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the model at `location` inside `model` knows."""
    for key in location:
        inner = _inner_model(model, key) if isinstance(key, str) else model
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _inner_model(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    field = model.model_fields.get(key)
    candidates = [field.annotation] if field else []
    while candidates:
        candidate = candidates.pop()
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
        candidates += getattr(candidate, "__args__", ())
    return None


def _expected(details: ErrorDetails) -> str:
    if details["type"] in EXPECTED:
        return EXPECTED[details["type"]]
    if details["type"] == "string_pattern_mismatch":
        return f"expected text that matches {details['ctx']['pattern']}"
    if details["type"] == "literal_error":
        return "expected " + str(details["ctx"]["expected"]).replace("'", "")
    message = details["msg"].replace("Input should be", "expected")
    message = message.replace("String should", "expected to")
    return message[0].lower() + message[1:]


def _hint(details: ErrorDetails) -> str:
    given = details["input"]
    if details["type"] == "string_type" and isinstance(given, int | float):
        return f'write it in quotes: "{str(given).lower()}"'
    if details["type"] == "literal_error" and isinstance(given, str):
        expected = str(details.get("ctx", {}).get("expected", "")).replace(" or ", ", ")
        return did_you_mean(given, [word.strip("'") for word in expected.split(", ")])
    return ""
