# SPDX-License-Identifier: MIT
"""What may be asked of the root broker: fixed verbs, every word of them checked."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from tinhnet.errors import TinhnetError

FORMAT = 1
LARGEST_BYTES = 65_536
_NAME = r"[a-z0-9][a-z0-9-]{0,62}"
_NUMBER = r"\d{1,4}(\.\d{1,3})?"
_PUBLIC_KEY = (
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d{3}) [A-Za-z0-9+/=]{1,8000}( [\w.@ -]{1,200})?\n?"
)
_CERTIFICATES = r"[\x0a\x20-\x7e]{1,60000}"
_JSON = "--json"


@dataclass(frozen=True, slots=True)
class Shape:
    """What one verb takes: options, a name or not, a command or not, a text or not."""

    options: tuple[str, ...] = ()
    target: bool = False
    command: bool = False
    text: str | None = None


VERBS: Mapping[str, Shape] = {
    "up": Shape((f"--site={_NAME}", _JSON), text=_PUBLIC_KEY),
    "down": Shape((_JSON,)),
    "status": Shape((_JSON,)),
    "exec": Shape((_JSON,), target=True, command=True),
    "cut": Shape(("--port", _JSON), target=True),
    "mend": Shape((_JSON,), target=True),
    "degrade": Shape(
        (f"--loss={_NUMBER}", f"--delay={_NUMBER}", r"--rate=\d{1,12}", _JSON), target=True
    ),
    "kill": Shape((_JSON,), target=True),
    "start": Shape((_JSON,), target=True),
    "rekey": Shape((_JSON,), target=True),
    "trust": Shape((_JSON,), text=_CERTIFICATES),
}


@dataclass(frozen=True, slots=True)
class Request:
    """One verb with its words; `text` is the content of the file that `up` or `trust` names."""

    verb: str
    prefix: str
    target: str = ""
    options: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    text: str = ""


def encode(request: Request) -> bytes:
    """Return the request as one line of JSON."""
    return json.dumps({"format": FORMAT, **asdict(request)}).encode() + b"\n"


def decode(line: bytes) -> Request:
    """Return a checked request; TinhnetError says which word is not allowed."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TinhnetError("the request is not JSON") from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise TinhnetError(f"the request is not of format {FORMAT}", "use the same version")
    request = Request(
        verb=_text(content, "verb"),
        prefix=_text(content, "prefix"),
        target=_text(content, "target"),
        options=_texts(content, "options"),
        command=_texts(content, "command"),
        text=_text(content, "text"),
    )
    if content:
        raise TinhnetError(f"the request has unknown parts: {', '.join(map(repr, content))}")
    check(request)
    return request


def check(request: Request) -> None:
    """Refuse what is not one of the fixed verbs with words of the right form."""
    shape = VERBS.get(request.verb)
    if shape is None:
        raise TinhnetError(f"the broker has no verb {request.verb!r}", f"one of {', '.join(VERBS)}")
    _require(re.fullmatch(r"[a-z]{1,6}", request.prefix), "prefix", request.prefix)
    for option in request.options:
        allowed = any(re.fullmatch(form, option) for form in shape.options)
        _require(allowed, "option", option)
    if shape.target:
        _require(re.fullmatch(_NAME, request.target), "name", request.target)
    else:
        _require(not request.target, "name", request.target)
    _require(bool(request.command) == shape.command, "command", " ".join(request.command))
    _require(not any("\0" in word for word in request.command), "command", "with NUL")
    if request.text:
        form = shape.text or ""
        _require(re.fullmatch(form, request.text), "file", request.text[:40])


def _require(condition: object, what: str, value: str) -> None:
    if not condition:
        raise TinhnetError(f"the broker does not take this {what}: {value!r}")


def _text(content: dict[str, object], key: str) -> str:
    value = content.pop(key, "")
    if not isinstance(value, str):
        raise TinhnetError(f"the request's {key} is not a text")
    return value


def _texts(content: dict[str, object], key: str) -> tuple[str, ...]:
    value = content.pop(key, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise TinhnetError(f"the request's {key} is not a list of texts")
    return tuple(value)
