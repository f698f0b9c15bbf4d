# SPDX-License-Identifier: MIT
"""Jobs: runs of playbooks, their numbered lines, what came of each device."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Risk(StrEnum):
    """What a playbook can do to the network."""

    READ = "read"
    CHANGE = "change"
    DANGER = "danger"


class JobState(StrEnum):
    """Where a job stands; the last four are final."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def is_final(self) -> bool:
        """Tell whether nothing more will happen."""
        return self not in {JobState.WAITING, JobState.RUNNING}


class DeviceResult(StrEnum):
    """What came of one device; every device of a job ends in exactly one."""

    OK = "ok"
    CHANGED = "changed"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    ROLLED_BACK = "rolled_back"
    NOT_ATTEMPTED = "not_attempted"


@dataclass(frozen=True, slots=True)
class Argument:
    """A value a playbook accepts from whoever launches it.

    `pattern` is a regular expression that the whole value must match.
    """

    name: str
    label_vi: str
    label_en: str
    pattern: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class Playbook:
    """One entry of the catalogue; `name` is the file's name with its suffix.

    `does_vi` and `does_en` say in a sentence what it does, "" where the card
    does not.  `groups` are the groups of devices it acts on, in Ansible's
    words, () where the card does not say.  `arguments` are the only extra
    variables a job may carry.
    """

    name: str
    title_vi: str
    title_en: str
    risk: Risk
    order: int
    arguments: tuple[Argument, ...]
    does_vi: str = ""
    does_en: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What somebody asks to run.

    `limit` narrows the target in Ansible's words (`dien-ban`, `cpe:!x-cpe1`),
    None for the whole target of the playbook.  `check` changes nothing.  `purpose`
    says what it is for, None when nobody said.
    """

    playbook: str
    limit: str | None = None
    tags: tuple[str, ...] = ()
    check: bool = False
    diff: bool = False
    extra: Mapping[str, str] | None = None
    purpose: str | None = None


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs are wanted; None wants all.

    `device` was touched by the job, `result` came to at least one device,
    `changed_since` wants jobs that changed a device and ended, or still run,
    after that moment.
    """

    device: str | None = None
    playbook: str | None = None
    actor: str | None = None
    result: DeviceResult | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a playbook.

    `command`, `commit` (of the checkout, with "+" when it had changes) and
    `ansible_version` are None until it starts.  `devices` is the target,
    empty until it is known.  `holder` names the job that this one waits for.
    `worker` runs it and must renew its lease before `lease_until`.
    `is_cancelling` is True between the wish and the end.  `reason` says in a
    sentence why the job ended as it did.  `purpose` says what the job is for,
    `dry_run` names the dry run of just the same that it follows; a change has
    at least one of both.
    """

    number: int
    state: JobState
    playbook: str
    risk: Risk
    limit: str | None
    tags: tuple[str, ...]
    check: bool
    diff: bool
    extra: Mapping[str, str]
    actor: str
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    command: tuple[str, ...] | None
    commit: str | None
    ansible_version: str | None
    devices: tuple[str, ...]
    holder: str | None
    worker: str | None
    lease_until: datetime | None
    is_cancelling: bool
    cancelled_by: str | None
    reason: str | None
    last_seq: int
    purpose: str | None
    dry_run: str | None

    @property
    def id(self) -> str:
        """The job's name for people: J12."""
        return f"J{self.number}"


@dataclass(frozen=True, slots=True)
class JobDevice:
    """What came of one device of a job; `result` is None while it is open.

    `changed` counts changed tasks.  `task` is the last one seen.  `detail`
    says what failed, or that the state of the device is not known.
    """

    device: str
    result: DeviceResult | None
    changed: int
    task: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One numbered line of a job, plain text without terminal colours.

    `seq` counts from 1 without gaps.  `kind`: "note" (the worker speaks),
    "play", "task", "line" (output of a device), "diff", "result", "recap",
    "warning", "error".  `result` is the result word of a task on a device:
    ok, changed, failed, unreachable or skipped; None on other lines.
    """

    seq: int
    at: datetime
    device: str | None
    task: str | None
    kind: str
    text: str
    result: str | None
