# SPDX-License-Identifier: MIT
"""Prove from a client what it may and may not reach, as the declared network expects.

The trials of one client (`changes.site_trials`) travel in one session and run
at once (`changes.drivers.site_client`).  The judgement is made here, by the
judge of each trial (`changes.site_judges`): every failed one says which
client, which service, what was expected, what came back and the likely cause.
"""

import base64
import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from changes.site_judges import Answer
from changes.site_trials import Trial
from tinhnet.errors import TinhnetError
from tinhnet.model.device import Device

COMMAND = "/usr/bin/python3 -I -B -"
CLIENT = Path(__file__).parent / "drivers" / "site_client.py"


class SiteError(TinhnetError):
    """A client's session ended without an answer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a trial; `cause` is empty when it is as expected."""

    client: str
    service: str | None
    purpose: str
    expected: str
    got: str
    is_ok: bool
    cause: str
    seconds: float

    def __str__(self) -> str:
        """Return the one line an operator reads."""
        return f"{self.purpose}: expected {self.expected}, got {self.got}; {self.cause}"


def is_here(device: Device) -> bool:
    """Tell whether this very machine has a device's address, so that we may speak for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(device.management4), 0))
        except OSError:
            return False
        return True


def request(wanted: Sequence[Trial]) -> str:
    """Return the program for the client's `python3 -`."""
    numbered = [{"id": str(number), **trial.request} for number, trial in enumerate(wanted)]
    word = base64.b64encode(json.dumps(numbered).encode()).decode("ascii")
    return f'{_client()}\n\nmain("{word}")\n'


def verdicts(client: str, wanted: Sequence[Trial], output: str) -> tuple[Verdict, ...]:
    """Judge a client's answers; SiteError when there are none."""
    answers = {one["id"]: one for one in _answers(client, output)}
    return tuple(
        _verdict(client, trial, answers.get(str(number), {"got": "nothing"}))
        for number, trial in enumerate(wanted)
    )


def _verdict(client: str, trial: Trial, answer: Answer) -> Verdict:
    cause = trial.judge(answer)
    why = f" ({answer['why']})" if answer.get("why") else ""
    return Verdict(
        client=client,
        service=trial.service,
        purpose=trial.purpose,
        expected=trial.expected,
        got=f"{answer['got']}{why}",
        is_ok=cause is None,
        cause=cause or "",
        seconds=float(answer.get("seconds", "0")),
    )


def _answers(client: str, output: str) -> Sequence[Answer]:
    for line in reversed(output.splitlines()):
        if line.startswith('{"format"'):
            held = json.loads(line)["answers"]
            return [{str(key): str(value) for key, value in one.items()} for one in held]
    raise SiteError(
        f"{client}: the session ended without an answer",
        "the client's circuit may have gone down meanwhile; run verify.yml again",
    )


@cache
def _client() -> str:
    return CLIENT.read_text(encoding="utf-8")
