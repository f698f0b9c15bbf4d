# SPDX-License-Identifier: MIT
"""What Ansible reports, turned into numbered lines and one result per device."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tinhnet import reasons
from tinhnet.model.job import DeviceResult, JobDevice, JobEvent

LONGEST_LINE = 8000
"""Characters; a longer line goes on in the next ones, each begun with MORE: nothing is lost."""
MORE = "… "

# What an event of ansible-runner is to us, and the result word it carries.
KINDS = {
    "playbook_on_play_start": "play",
    "playbook_on_task_start": "task",
    "playbook_on_handler_task_start": "task",
    "runner_on_ok": "result",
    "runner_on_failed": "result",
    "runner_on_async_failed": "result",
    "runner_on_unreachable": "result",
    "runner_on_skipped": "result",
    "runner_on_file_diff": "diff",
    "playbook_on_stats": "recap",
    "warning": "warning",
    "deprecated": "warning",
    "system_warning": "warning",
    "error": "error",
    "playbook_on_no_hosts_matched": "warning",
}
RESULTS = {
    "runner_on_ok": "ok",
    "runner_on_failed": "failed",
    "runner_on_async_failed": "failed",
    "runner_on_unreachable": "unreachable",
    "runner_on_skipped": "skipped",
}
WARNINGS = ("[WARNING]", "[DEPRECATION WARNING]")
ERRORS = ("[ERROR]", "ERROR!", "fatal:")

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")
# Ansible prints a task's header only with its first result when skipped hosts
# are not shown (ansible.cfg: display_skipped_hosts), in the same event.
_HEADER = re.compile(r"(?:TASK|RUNNING HANDLER) \[.*\] \*+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Report:
    """One event of ansible-runner, checked; the fields are those of `runner.essence`."""

    event: str
    at: datetime
    text: str
    device: str | None
    task: str | None
    changed: bool
    ignored: bool
    result: str | None
    detail: str
    stats: Mapping[str, Mapping[str, int]] | None


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of a device while a job runs; `is_busy` while a task is under way."""

    device: JobDevice
    is_busy: bool


def report(message: Mapping[str, object], now: datetime) -> Report:
    """Return a message of the child as a report; `now` stands in where it has no time."""
    stats = message.get("stats")
    at = message.get("at")
    return Report(
        event=str(message.get("event")),
        at=datetime.fromisoformat(at) if isinstance(at, str) else now,
        text=str(message.get("text") or ""),
        device=_word(message.get("device")),
        task=_word(message.get("task")),
        changed=bool(message.get("changed")),
        ignored=bool(message.get("ignored")),
        result=_word(message.get("result")),
        detail=str(message.get("detail") or ""),
        stats=stats if isinstance(stats, dict) else None,
    )


def lines(found: Report, mask: Callable[[str], str]) -> Iterator[JobEvent]:
    """Yield the lines of a report, secrets masked; `seq` is set by the store."""
    word = RESULTS.get(found.event)
    if word == "ok" and found.changed:
        word = "changed"
    kind = KINDS.get(found.event, "line")
    is_said = False
    for text in _split(_masked(found.text, mask)):
        is_header = not is_said and _HEADER.fullmatch(text) is not None
        is_first = not is_said and not is_header
        yield JobEvent(
            seq=0,
            at=found.at,
            device=None if is_header else found.device,
            task=found.task,
            kind="task" if is_header else _kind(kind, text, is_first=is_first),
            text=text,
            result=word if is_first else None,
        )
        is_said = is_said or is_first


def followed(progress: Progress, found: Report, mask: Callable[[str], str]) -> Progress:
    """Return what is known of a device after a report about it."""
    device = replace(progress.device, task=found.task or progress.device.task)
    if found.event == "runner_on_start":
        return Progress(device, is_busy=True)
    if found.event not in RESULTS:
        return Progress(device, progress.is_busy)
    if found.changed:
        device = replace(device, changed=device.changed + 1)
    failed = found.event not in {"runner_on_ok", "runner_on_skipped"} and not found.ignored
    if failed or found.result == DeviceResult.ROLLED_BACK:
        detail = _split(_masked(found.detail, mask))
        device = replace(device, result=_failure(found), detail=" ".join(detail) or device.detail)
    return Progress(device, is_busy=False)


def concluded(progress: Progress, stats: Mapping[str, Mapping[str, int]]) -> JobDevice:
    """Return the result of a device at the end of a run that went to its end.

    A device that Ansible's statistics do not name was not attempted.  A
    failure that the playbook rescued is none.
    """
    name = progress.device.device
    counts = {word: dict(found).get(name, 0) for word, found in stats.items()}
    device = progress.device
    if device.result is DeviceResult.ROLLED_BACK:
        return device
    if counts.get("dark"):
        return replace(device, result=DeviceResult.UNREACHABLE)
    if counts.get("failures"):
        return replace(device, result=DeviceResult.FAILED)
    if counts.get("processed"):
        result = DeviceResult.CHANGED if counts.get("changed") else DeviceResult.OK
        return replace(device, result=result, detail=None)
    return replace(device, result=DeviceResult.NOT_ATTEMPTED, task=None)


def broken_off(progress: Progress, why: str) -> JobDevice:
    """Return the result of a device when a run was ended before its end.

    A device with a task under way is in an unknown state and left open for
    the store to say so; one between two tasks keeps what it has come to.
    """
    device = progress.device
    if device.result is not None or progress.is_busy or device.task is None:
        return device
    result = DeviceResult.CHANGED if device.changed else DeviceResult.OK
    return replace(device, result=result, detail=reasons.AFTER % {"why": why, "task": device.task})


def _failure(found: Report) -> DeviceResult:
    if found.result == DeviceResult.ROLLED_BACK:
        return DeviceResult.ROLLED_BACK
    if found.event == "runner_on_unreachable":
        return DeviceResult.UNREACHABLE
    return DeviceResult.FAILED


def _masked(text: str, mask: Callable[[str], str]) -> str:
    """Mask a text, also where a terminal's width has broken a secret in two."""
    plain = _COLOUR.sub("", text).replace("\r", "")
    masked = mask(plain)
    if masked != plain or "\n" not in plain:
        return masked
    joined = plain.replace("\n", "")
    found = mask(joined)
    return masked if found == joined else found


def _split(text: str) -> list[str]:
    return [part for line in text.split("\n") if line.strip() for part in _fitted(line)]


def _fitted(line: str) -> Iterator[str]:
    """Yield a line in parts that a page can show."""
    clean = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", line.rstrip())
    yield clean[:LONGEST_LINE]
    for start in range(LONGEST_LINE, len(clean), LONGEST_LINE):
        yield MORE + clean[start : start + LONGEST_LINE]


def _kind(kind: str, text: str, *, is_first: bool) -> str:
    if kind == "result":
        return "result" if is_first else "line"
    if kind == "line" and text.startswith(WARNINGS):
        return "warning"
    if kind == "line" and text.startswith(ERRORS):
        return "error"
    return kind


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
