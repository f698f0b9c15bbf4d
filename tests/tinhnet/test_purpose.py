# SPDX-License-Identifier: MIT
"""What a change is for: said in a line that can be kept, or shown by a dry run before."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.clock import START, Clock
from tinhnet import actions
from tinhnet.context import Context
from tinhnet.model.actor import Actor, Role
from tinhnet.model.job import Job, JobRequest, JobState
from tinhnet.purpose import LONGEST, PurposeError, purpose_of
from tinhnet.store import jobs, leases
from tinhnet.store.evidence import newest_entries

LAN = Actor("lan", frozenset({Role.ENGINEER}), "cli")
CARDS = {
    "wan": "{title_vi: Mạng WAN, title_en: The WAN, risk: change, arguments: {device: {label_vi: T, label_en: D}}}",  # noqa: E501 a card on one line
    "verify": "{title_vi: Kiểm chứng, title_en: Prove, risk: read}",
}
CHANGE = JobRequest("wan", "dien-ban", ("ospf", "acl"), extra={"device": "core1"})


@pytest.fixture
def context(context: Context, tmp_path: Path) -> Context:
    """Return an open state with a playbook that changes and one that reads."""
    (tmp_path / "playbooks").mkdir()
    for name, card in CARDS.items():
        (tmp_path / "playbooks" / f"{name}.yml").write_text(f"# tinhnet: {card}\n- hosts: all\n")
    return context


def launched(context: Context, request: JobRequest) -> Job:
    """Launch a job as an engineer."""
    return actions.launch_job(context, LAN, request)


def ended(context: Context, request: JobRequest, state: JobState = JobState.SUCCEEDED) -> Job:
    """Launch a job and end it as its worker would."""
    job = launched(context, request)
    with context.store.writing() as connection:
        start = leases.Start("w", context.now, ["ansible-playbook"], None, "2.19.4", ["core1"])
        running = leases.start_job(connection, job, start, context.now)
        assert running is not None
        leases.end_job(connection, running, state, None, {}, context.now)
        return jobs.get_job(connection, job.number)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "says nothing"),
        (" \u00a0\u200b ", "says nothing"),
        ("...", "says nothing"),
        ("hai\ndòng", "control character (U+000A)"),
        ("a\0b", "control character (U+0000)"),
        ("a\x1b[2Jb", "control character (U+001B)"),
        ("a\u2028b", "line break (U+2028)"),
        ("a\udcffb", "half of a character (U+DCFF)"),
        ("a\u202eb", "turns the direction of writing (U+202E)"),
        ("x" * (LONGEST + 1), f"has {LONGEST + 1} characters"),
    ],
    ids=["empty", "blank", "dots", "line", "nul", "escape", "2028", "surrogate", "bidi", "long"],
)
def test_a_purpose_that_cannot_be_kept_is_refused_and_says_why(
    context: Context, text: str, says: str
) -> None:
    """Whatever door it comes through: not even a dry run carries one, and nothing is stored."""
    for request in (replace(CHANGE, purpose=text), replace(CHANGE, check=True, purpose=text)):
        with pytest.raises(PurposeError) as caught:
            launched(context, request)
        assert says in caught.value.message
        assert caught.value.hint
        str(caught.value).encode("utf-8")

    with context.store.reading() as connection:
        assert jobs.count_jobs(connection) == 0
        assert newest_entries(connection) == ()


def test_a_purpose_is_kept_composed_and_without_surrounding_space() -> None:
    """Two keyboards, one text; the longest one fits."""
    assert purpose_of(" đie\u0302\u0323n Ba\u0300n ") == "điện Bàn"
    assert purpose_of("ệ" * LONGEST) == "ệ" * LONGEST


def test_a_change_without_purpose_and_dry_run_is_refused_with_what_to_do(context: Context) -> None:
    """Months later the log must say why the network was changed."""
    with pytest.raises(PurposeError, match=r"wan\.yml.*--purpose TEXT.*--check.*24 h"):
        launched(context, CHANGE)

    with context.store.reading() as connection:
        assert jobs.count_jobs(connection) == 0


def test_the_purpose_stands_with_the_job_and_in_the_evidence_log(context: Context) -> None:
    """The list, the page and the log all read it from the same place."""
    job = launched(context, replace(CHANGE, purpose="Mạch thứ hai cho Điện Bàn"))
    with context.store.reading() as connection:
        (entry,) = newest_entries(connection)

    assert (job.purpose, job.dry_run) == ("Mạch thứ hai cho Điện Bàn", None)
    assert entry.details["purpose"] == "Mạch thứ hai cho Điện Bàn"


@pytest.mark.parametrize(
    "request_", [replace(CHANGE, check=True), JobRequest("verify")], ids=["dry-run", "read-only"]
)
def test_what_only_reads_needs_no_purpose(context: Context, request_: JobRequest) -> None:
    """Looking must stay cheap, or nobody looks."""
    assert launched(context, request_).purpose is None


def test_a_dry_run_of_just_the_same_stands_for_a_purpose(context: Context) -> None:
    """Differences shown or not, tags in any order: what would run is the same."""
    looked = ended(context, replace(CHANGE, check=True, diff=True))
    job = launched(context, replace(CHANGE, tags=("acl", "ospf")))
    with context.store.reading() as connection:
        entry = newest_entries(connection)[0]

    assert (job.purpose, job.dry_run) == (None, looked.id)
    assert entry.details["dry_run"] == looked.id


@pytest.mark.parametrize(
    "other",
    [
        replace(CHANGE, limit=None),
        replace(CHANGE, limit="dien-ban,core1"),
        replace(CHANGE, tags=("ospf",)),
        replace(CHANGE, extra={"device": "core2"}),
        replace(CHANGE, extra={}),
    ],
    ids=["no-limit", "limit", "tags", "argument", "no-argument"],
)
def test_a_dry_run_of_something_else_does_not_count(context: Context, other: JobRequest) -> None:
    """Who looked at one district has not looked at the province."""
    ended(context, replace(CHANGE, check=True))

    with pytest.raises(PurposeError):
        launched(context, other)


@pytest.mark.parametrize(
    "state", [JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED], ids=str
)
def test_a_dry_run_that_did_not_end_well_does_not_count(context: Context, state: JobState) -> None:
    """It showed nobody what would change."""
    ended(context, replace(CHANGE, check=True), state)

    with pytest.raises(PurposeError):
        launched(context, CHANGE)


def test_a_dry_run_counts_for_its_hours_only(context: Context, clock: Clock) -> None:
    """The network of yesterday is not the network of today."""
    looked = ended(context, replace(CHANGE, check=True))
    clock.now = START + timedelta(hours=24)
    followed = launched(context, CHANGE)
    clock.now = START + timedelta(hours=24, seconds=1)

    assert followed.dry_run == looked.id
    with pytest.raises(PurposeError):
        launched(context, CHANGE)


def test_a_change_is_no_dry_run_of_the_next_one(context: Context) -> None:
    """A purpose said once does not cover what comes later."""
    ended(context, replace(CHANGE, purpose="Điện Bàn"))

    with pytest.raises(PurposeError):
        launched(context, CHANGE)
