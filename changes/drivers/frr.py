# SPDX-License-Identifier: MIT
"""The driver of platform `frr`: ships the on-device program and speaks with it."""

import hashlib
import json
from functools import cache
from pathlib import Path

from changes.device import Said, Session, SessionLostError
from changes.drivers.frr_device.talk import FORMAT, Answer, Request
from tinhnet.errors import TinhnetError

PACKAGE = Path(__file__).with_name("frr_device")
HOME = "/usr/local/lib/tinhnet"
MISSING = 44
REFUSED = 45

_RUN = (
    "sudo -n /usr/bin/python3 -ISc '"
    'import sys; sys.path.insert(0, "{home}/{digest}")\n'
    "try: from frr_device.device import main\n"
    "except ImportError: sys.exit({missing})\n"
    "main()'"
)
_INSTALL = (
    "sudo -n /usr/bin/python3 -ISc '"
    "import io, json, sys\n"
    "held = json.load(sys.stdin)\n"
    'try: exec(held["install.py"])\n'
    "except OSError as error:\n"
    "    sys.stderr.write(str(error))\n"
    "    sys.exit({refused})\n"
    'sys.stdin = io.TextIOWrapper(io.BytesIO(held["given"].encode()))\n'
    'sys.path.insert(0, "{home}/{digest}")\n'
    "from frr_device.device import main\n"
    "main()'"
)
"""Installs and answers in one go: another command for each of forty routers takes two seconds."""


class AnswerError(TinhnetError):
    """A device answered what the driver does not understand; nothing is assumed."""


def ask(session: Session, request: Request) -> Answer:
    """Send a request, shipping the program first where the device does not have it."""
    given = json.dumps(request, ensure_ascii=False)
    command = _RUN.format(home=HOME, digest=digest(), missing=MISSING)
    said = session.run(command, given)
    if said.code == MISSING:
        said = _install(session, given)
    return _answer(said)


def _install(session: Session, given: str) -> Said:
    """Put the program into the device's /usr/local/lib, under the name of its hash, and run it."""
    call = f"install(Path({HOME!r}), {digest()!r}, {files()!r})"
    program = f"{_installer()}\n{call}\n"
    command = _INSTALL.format(home=HOME, digest=digest(), refused=REFUSED)
    said = session.run(command, json.dumps({"install.py": program, "given": given}))
    if said.code == REFUSED:
        lines = said.stderr.strip().splitlines()
        reason = lines[-1] if lines else "no reason given"
        hint = "free space on the device's disk" if "No space" in reason else ""
        raise AnswerError(f"the program cannot be installed on the device: {reason}", hint)
    return said


@cache
def files() -> dict[str, str]:
    """Return the on-device program: file name to text."""
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.glob("*.py"))
        if path.name != "install.py"
    }


@cache
def digest() -> str:
    """Return the hash under which a device holds this very program."""
    text = json.dumps(files(), sort_keys=True) + _installer()
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _installer() -> str:
    return (PACKAGE / "install.py").read_text(encoding="utf-8")


def _answer(said: Said) -> Answer:
    if not said.stdout and said.code != 0:
        lines = said.stderr.strip().splitlines()
        reason = lines[-1] if lines else f"exit code {said.code}"
        if "sudo" in reason:
            raise AnswerError(
                f"the account may not administer the device: {reason}",
                "give it sudo without a password",
            )
        raise SessionLostError(f"the program on the device ended without an answer: {reason}")
    try:
        answer: Answer = json.loads(said.stdout)
    except ValueError as error:
        raise AnswerError(f"the answer is no JSON: {said.stdout[:200]!r}") from error
    if answer.get("format") != FORMAT:
        raise AnswerError(f"the answer has format {answer.get('format')!r}, not {FORMAT}")
    return answer
