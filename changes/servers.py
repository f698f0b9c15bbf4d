# SPDX-License-Identifier: MIT
"""How a server is changed: one request over one session, one answer, masked diffs.

The request is the package `changes.drivers.server_device` as a zip and the
packed bundle; it goes to `python3 -` on standard input, so that nothing of it
stands in process arguments and nothing of it stays on the server.  The answer
carries the old text of every file that differs; what people see of it has
every known secret replaced and unknown lines of secret files hidden.
"""

import base64
import difflib
import hmac
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from changes.drivers.server_device.state import Bundle, File, pack
from tinhnet.errors import TinhnetError

COMMAND = "sudo -n /usr/bin/python3 -I -B -"
PACKAGE = Path(__file__).parent / "drivers" / "server_device"
# A file in memory (memfd_create(2)) is a path from which Python imports a zip.
PROGRAM = """\
import base64, os, sys
memory = os.memfd_create("tinhnet")
os.write(memory, base64.b64decode("{package}"))
sys.path.insert(0, f"/proc/self/fd/{{memory}}")
from server_device.reach import main
main("{word}")
"""
HIDDEN = "<hidden>"

Mask = Callable[[str], str]


class ServerError(TinhnetError):
    """A server refused its intended state, or its answer cannot be read."""


class RolledBackError(ServerError):
    """A server took its intended state, did not come up with it, and put the old one back."""


class StateUnknownError(ServerError):
    """A server may have taken a change and then never answered: nobody knows what it is now."""


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file before and after, as people may see it; None where it does not exist."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a server answered.

    `changes` are sentences in the order in which things happen; empty means
    that the server already is what it should be.
    """

    changes: tuple[str, ...]
    diffs: tuple[FileDiff, ...]
    seconds: float


def request(bundle: Bundle, *, check: bool) -> str:
    """Return the program for the server's `python3 -`."""
    return PROGRAM.format(package=_package(), word=pack(bundle, check=check))


def outcome(bundle: Bundle, output: str, mask: Mask) -> Outcome:
    """Read a server's answer; ServerError when it refused, RolledBackError when it went back."""
    answer = _answer(bundle.device, output)
    failed = answer.get("failed")
    if isinstance(failed, dict):
        raise _refusal(bundle.device, failed, mask)
    changes = answer.get("changes")
    if not isinstance(changes, list):
        raise ServerError(f"{bundle.device}: the answer has no list of changes")
    files = {file.path: file for file in bundle.files}
    shown = [_change(change, files) for change in changes]
    diffs = [_diff(change, files, mask) for change in changes if change["kind"] in _WITH_TEXT]
    return Outcome(
        changes=tuple(shown),
        diffs=tuple(one for one in diffs if one.before != one.after),
        seconds=float(str(answer.get("seconds", 0))),
    )


def unreachable_because(device: str, words: str) -> str:
    """Return why a device could not be reached, and what to do, from the words of ssh."""
    last = last_words(words)
    lost = "the session was lost; run again" if was_reached(words) else ""
    hint = next((hint for sign, hint in _UNREACHABLE.items() if sign in words), lost)
    return f"{device} is unreachable: {last}" + (f"; {hint}" if hint else "")


def last_words(words: str) -> str:
    """Return the last line of what ssh said."""
    return words.strip().splitlines()[-1] if words.strip() else "no answer"


def was_reached(words: str) -> bool:
    """Tell from the words of ssh whether there was a session that ended, not one that never began.

    What ssh says of a session that ends has many forms, of one that never
    began few; a form nobody knows counts as reached, because then the device
    may have been changed.
    """
    return not any(sign in words for sign in _NEVER_BEGAN)


def state_unknown(device: str, why: str) -> StateUnknownError:
    """Return the error of a change that got no answer."""
    return StateUnknownError(
        f"{device}: state not known: {why}",
        "it may have taken the change; it ends by itself what it began or puts the old state back:"
        " run again, that finds out and finishes it",
    )


def unified(diff: FileDiff) -> str:
    """Return a diff as text, the way `diff -u` writes it."""
    lines = difflib.unified_diff(
        (diff.before or "").splitlines(),
        (diff.after or "").splitlines(),
        diff.path if diff.before is not None else "/dev/null",
        diff.path if diff.after is not None else "/dev/null",
        lineterm="",
    )
    return "\n".join(lines)


def digest(outcome_: Outcome, key: bytes) -> str:
    """Return the keyed hash that an approval binds: a bare one would leak weak secrets."""
    text = json.dumps([outcome_.changes, [asdict(diff) for diff in outcome_.diffs]])
    return hmac.new(key, text.encode(), "sha256").hexdigest()


_WITH_TEXT = ("file", "absent")

_HINTS: Mapping[str, str] = {
    "packages": "add the package to the server's base image or to the province's mirror",
    "write": "free space on the server and run again; the old state keeps serving",
    "validate": "correct the template; nothing was put in place, the old state keeps serving",
    "units": "the files were put back; read the unit's journal on the server",
    "steps": "the files were put back; run again once the cause is gone",
    "lock": "wait for the other run to end",
}


@cache
def _package() -> str:
    """Return the device's package as a zip in base64."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as package:
        for path in sorted(PACKAGE.glob("*.py")):
            package.writestr(f"{PACKAGE.name}/{path.name}", path.read_bytes())
    return base64.b64encode(octets.getvalue()).decode("ascii")


_NEVER_BEGAN = (
    "ssh: connect to host",
    "Could not resolve hostname",
    "kex_exchange_identification",
    "during banner exchange",
    "Host key verification failed",
    "Permission denied",
    "Too many authentication failures",
    "Connection refused",
    "No route to host",
)

_UNREACHABLE: Mapping[str, str] = {
    "Permission denied": "it refuses the management key: was it rotated while the device was down?"
    " on its console, put what `ssh-keygen -y -f var/secrets/ssh-management` prints into"
    " /etc/ssh/authorized_keys/tinhnet",
    "timed out": "is it switched on, and are the firewall and its zone up?",
    "No route to host": "is it switched on, and are the firewall and its zone up?",
    "unreachable": "the firewall or a core has no route yet: run wan.yml first",
    "Connection refused": "it answers, but sshd does not run on it",
}


def _answer(device: str, output: str) -> Mapping[str, object]:
    for line in reversed(output.splitlines()):
        if line.startswith('{"format"'):
            try:
                answer = json.loads(line)
            except ValueError:
                break
            if isinstance(answer, dict):
                return answer
    raise ServerError(
        f"{device}: state not known: the session ended without an answer",
        "the link may have dropped; run again, the server finishes or refuses as a whole",
    )


def _refusal(device: str, failed: Mapping[str, object], mask: Mask) -> ServerError:
    stage = str(failed.get("stage"))
    message = mask(str(failed.get("message")))
    kind = RolledBackError if failed.get("rolled_back") else ServerError
    return kind(f"{device}: {stage}: {message}", _HINTS.get(stage, ""))


def _change(change: Mapping[str, str], files: Mapping[str, File]) -> str:
    kind = change["kind"]
    if kind == "file":
        file = files[change["path"]]
        if change["why"] == "mode":
            return f"file {file.path}: {file.owner}:{file.group} {file.mode:04o}"
        return f"file {file.path}"
    if kind == "absent":
        return f"file {change['path']} removed"
    if kind == "directory":
        return f"directory {change['path']}"
    if kind == "unit":
        return f"unit {change['name']}: {change['what']}"
    return change["what"]


def _diff(change: Mapping[str, str], files: Mapping[str, File], mask: Mask) -> FileDiff:
    held = change.get("before")
    before = None if held is None else base64.b64decode(held).decode(errors="replace")
    file = files.get(change["path"]) if change["kind"] == "file" else None
    after = None if file is None else mask(file.text)
    if before is not None:
        before = mask(before)
        if file is None or file.is_secret:
            before = _without_unknown(before, after or "")
    return FileDiff(change["path"], before, after)


def _without_unknown(before: str, after: str) -> str:
    """Hide the lines of a secret file that neither a mask nor the new text explains."""
    known = set(after.splitlines())
    lines = [
        line if line in known or "<secret " in line or not line.strip() else HIDDEN
        for line in before.splitlines(keepends=False)
    ]
    return "\n".join(lines) + ("\n" if before.endswith("\n") else "")
