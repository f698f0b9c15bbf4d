# SPDX-License-Identifier: MIT
"""How a job ended: decided from what its child said and what was wished, without any I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from changes.lines import Progress, broken_off, concluded
from tinhnet import reasons
from tinhnet.model.job import DeviceResult, JobDevice, JobState

NAMED = 5
"""Devices named in the sentence that says why a job failed."""
GOOD = frozenset({DeviceResult.OK, DeviceResult.CHANGED})
IDLE = DeviceResult.NOT_ATTEMPTED
"""No fault where Ansible is content: with these tags nothing was to be done on the device."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a run was ended from outside, and the state its job gets for it."""

    state: JobState
    why: str


@dataclass(frozen=True, slots=True)
class Conclusion:
    """State, reason and results with which a job ends; a device may still be left open."""

    state: JobState
    reason: str | None
    results: Mapping[str, JobDevice]


def conclude(
    progress: Mapping[str, Progress],
    stats: Mapping[str, Mapping[str, int]] | None,
    code: int | None,
    ending: Ending | None,
    last_words: str,
) -> Conclusion:
    """Return how a job ended.

    `stats` are Ansible's own, None when it did not come to its end; `code`
    is its exit status, None when its guard died before telling.
    """
    if stats is not None and code is not None:
        results = {name: concluded(one, stats) for name, one in progress.items()}
        if ending is not None:
            return Conclusion(ending.state, ending.why, results)
        return _judged(results, code, last_words)
    if ending is None and code is not None:
        reason = last_words or reasons.STATUS_EARLY % {"status": code}
        results = {name: broken_off(one, reasons.ANSIBLE_ENDED) for name, one in progress.items()}
        return Conclusion(JobState.FAILED, reason, results)
    found = ending or Ending(JobState.INTERRUPTED, reasons.GUARD_KILLED)
    results = {name: broken_off(one, found.why) for name, one in progress.items()}
    return Conclusion(found.state, found.why, results)


def named(devices: Sequence[str]) -> str:
    """Return devices for a sentence: the first few, and how many more."""
    more = len(devices) - NAMED
    return ", ".join(devices[:NAMED]) + (f" and {more} more" if more > 0 else "")


def summary(results: Iterable[JobDevice]) -> dict[DeviceResult, int]:
    """Return how many devices ended in which result, without the results nobody had."""
    counts = dict.fromkeys(DeviceResult, 0)
    for one in results:
        if one.result is not None:
            counts[one.result] += 1
    return {result: count for result, count in counts.items() if count}


def _judged(results: Mapping[str, JobDevice], code: int, last_words: str) -> Conclusion:
    fine = GOOD | {IDLE} if code == 0 else GOOD
    bad = [name for name, one in results.items() if one.result not in fine]
    if bad:
        counts = {"bad": len(bad), "all": len(results), "devices": named(bad)}
        reason = reasons.NOT_WELL % counts
        return Conclusion(JobState.FAILED, reason, results)
    if code != 0:
        reason = last_words or reasons.STATUS % {"status": code}
        return Conclusion(JobState.FAILED, reason, results)
    return Conclusion(JobState.SUCCEEDED, None, results)
