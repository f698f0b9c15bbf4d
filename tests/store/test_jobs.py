# SPDX-License-Identifier: MIT
"""Rows of jobs: lines, devices, who waits for whom, leases."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tinhnet.model.job import (
    DeviceResult,
    Job,
    JobDevice,
    JobEvent,
    JobFilter,
    JobRequest,
    JobState,
    Risk,
)
from tinhnet.store import jobs, leases
from tinhnet.store.engine import Store
from tinhnet.store.results import tasks_of

NOW = datetime(2016, 5, 4, 3, 2, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=15)


def asked(store: Store, risk: Risk = Risk.CHANGE) -> Job:
    """Add a waiting job."""
    with store.writing() as connection:
        return jobs.add_job(connection, JobRequest("wan.yml"), risk, "lan", NOW)


def started(store: Store, job: Job, devices: Sequence[str], worker: str = "w1") -> Job | None:
    """Start a job on some devices."""
    start = leases.Start(worker, LATER, ["ansible-playbook"], "abc", "2.19.4", devices)
    with store.writing() as connection:
        return leases.start_job(connection, job, start, NOW)


def test_a_job_comes_back_as_it_was_asked_for(store: Store) -> None:
    """Every option that was chosen is what runs, Vietnamese letters included."""
    request = JobRequest(
        "wan.yml", "dien-ban", ("ospf",), check=True, diff=True, extra={"reason": "Điện Bàn"}
    )
    with store.writing() as connection:
        added = jobs.add_job(connection, request, Risk.READ, "lan", NOW)
    with store.reading() as connection:
        found = jobs.get_job(connection, added.number)

    assert found == added
    assert (found.id, found.state, found.limit) == ("J1", JobState.WAITING, "dien-ban")
    assert (found.tags, found.check, found.diff) == (("ospf",), True, True)
    assert found.extra == {"reason": "Điện Bàn"}
    assert (found.command, found.holder, found.devices) == (None, None, ())


def test_lines_are_numbered_and_resumable(store: Store) -> None:
    """A browser that reloads asks for what came after the last line it saw."""
    job = asked(store)
    lines = [
        JobEvent(0, NOW, "core1", "Apply", "line", f"dòng {n} \0 \udcff", "ok") for n in range(5)
    ]
    with store.writing() as connection:
        jobs.add_events(connection, job, lines[:2])
        last = jobs.add_events(connection, job, lines[2:])
    with store.reading() as connection:
        after = jobs.list_events(connection, job.number, after=3)
        page = jobs.list_events(connection, job.number, limit=2)

    assert last == 5
    assert [event.seq for event in after] == [4, 5]
    assert [event.seq for event in page] == [1, 2]
    assert page[0].text == "dòng 0 \N{REPLACEMENT CHARACTER} ?"
    assert page[0].at == NOW


def test_lists_are_newest_first_and_filter(store: Store) -> None:
    """People look for the last thing that happened, or for all that touched one device."""
    first, second, third = (asked(store) for _ in range(3))
    started(store, second, ["core1", "core2"])
    with store.reading() as connection:
        numbers = [job.number for job in jobs.list_jobs(connection)]
        touched = [
            job.number for job in jobs.list_jobs(connection, wanted=JobFilter(device="core2"))
        ]
        waiting = jobs.count_jobs(connection, [JobState.WAITING])
        older = [job.number for job in jobs.list_jobs(connection, before=third.number)]

    assert numbers == [third.number, second.number, first.number]
    assert (touched, waiting) == ([second.number], 2)
    assert older == [second.number, first.number]


def test_only_one_worker_gets_a_job(store: Store) -> None:
    """Two workers that see the same waiting row must not both run it."""
    job = asked(store)

    assert started(store, job, ["core1"], "w1") is not None
    assert started(store, job, ["core1"], "w2") is None


def holder(store: Store, job: Job, devices: Sequence[str]) -> str | None:
    """Return the id of the job that `job` must wait for."""
    with store.reading() as connection:
        found = leases.holder_of(connection, job, devices)
    return found.id if found else None


def test_two_jobs_never_share_a_device_unless_both_read(store: Store) -> None:
    """Two pushes into one router would overwrite each other."""
    running, change, read = asked(store), asked(store), asked(store, Risk.READ)
    started(store, running, ["core1", "core2"])

    assert holder(store, change, ["core2", "fw1"]) == running.id
    assert holder(store, change, ["fw1"]) is None
    assert holder(store, read, ["core1"]) == running.id

    reading = asked(store, Risk.READ)
    started(store, reading, ["noc"])
    assert holder(store, read, ["noc"]) is None
    assert holder(store, change, ["noc"]) == reading.id


def test_who_waits_longest_is_not_overtaken(store: Store) -> None:
    """A change to everything must not starve behind small ones that keep coming."""
    running, large, small = asked(store), asked(store), asked(store)
    started(store, running, ["core1"])
    with store.writing() as connection:
        leases.wait_for(connection, large, running, ["core1", "core2"])

    assert holder(store, small, ["core2"]) == large.id
    with store.reading() as connection:
        assert jobs.get_job(connection, large.number).holder == running.id


def test_a_lease_is_renewed_by_its_worker_only(store: Store) -> None:
    """A worker that was declared dead must notice and stop."""
    job = asked(store)
    started(store, job, ["core1"], "w1")
    later = LATER + timedelta(seconds=15)
    with store.writing() as connection:
        assert leases.renew(connection, job, "w1", later).lease_until == later

    with pytest.raises(leases.LeaseLostError, match="no longer held by w2"), store.writing() as c:
        leases.renew(c, job, "w2", later)


def test_an_abandoned_job_is_found_by_lease_or_by_its_dead_worker(store: Store) -> None:
    """The next start must find what a killed worker left."""
    first, second = asked(store), asked(store)
    started(store, first, ["core1"], "w1")
    started(store, second, ["core2"], "w2")
    with store.reading() as connection:
        none = leases.abandoned(connection, NOW, [])
        dead = leases.abandoned(connection, NOW, ["w2"])
        late = leases.abandoned(connection, LATER + timedelta(seconds=1), [])

    assert none == ()
    assert [job.id for job in dead] == [second.id]
    assert [job.id for job in late] == [first.id, second.id]


def test_every_device_ends_in_exactly_one_result(store: Store) -> None:
    """Nobody may have to guess what happened to a router."""
    job = asked(store)
    started(store, job, ["core1", "core2", "fw1"])
    seen = JobDevice("core2", None, 0, "Apply the configuration", None)
    done = JobDevice("core1", DeviceResult.CHANGED, 1, "Apply the configuration", None)
    with store.writing() as connection:
        jobs.put_devices(connection, job.number, [seen])
        ended = leases.end_job(
            connection, job, JobState.INTERRUPTED, "the worker was killed", {"core1": done}, LATER
        )
        results = {one.device: one for one in jobs.list_devices(connection, job.number)}

    assert (ended.state, ended.ended_at, ended.lease_until) == (JobState.INTERRUPTED, LATER, None)
    assert results["core1"] == done
    assert results["fw1"].result is DeviceResult.NOT_ATTEMPTED
    assert results["core2"].result is DeviceResult.FAILED
    assert "state unknown: the worker was killed" in (results["core2"].detail or "")


def test_the_wish_to_cancel_is_kept_with_its_author(store: Store) -> None:
    """The worker learns of the wish with the next renewal of its lease."""
    job = asked(store)
    started(store, job, ["core1"], "w1")
    with store.writing() as connection:
        leases.ask_to_cancel(connection, job, "noc-operator")
        renewed = leases.renew(connection, job, "w1", LATER)

    assert (renewed.is_cancelling, renewed.cancelled_by) == (True, "noc-operator")
    assert replace(renewed, is_cancelling=False).state is JobState.RUNNING


def test_jobs_that_changed_devices_since_a_moment_are_found(store: Store) -> None:
    """A dry run, a playbook that reads, a run without effect and an old one are not among them."""
    rows = [
        (JobRequest("wan.yml"), Risk.CHANGE, 1, NOW),
        (JobRequest("wan.yml", check=True), Risk.READ, 1, NOW),
        (JobRequest("wan.yml"), Risk.CHANGE, 0, NOW),
        (JobRequest("wan.yml"), Risk.CHANGE, 1, NOW - timedelta(days=2)),
    ]
    with store.writing() as connection:
        for asked_for, risk, changed, at in rows:
            job = jobs.add_job(connection, asked_for, risk, "lan", at)
            start = leases.Start("w1", LATER, ["x"], None, "2.19.4", ["core1"])
            running = leases.start_job(connection, job, start, at)
            assert running is not None
            result = DeviceResult.CHANGED if changed else DeviceResult.OK
            came = {"core1": JobDevice("core1", result, changed, "Apply", None)}
            leases.end_job(connection, running, JobState.SUCCEEDED, None, came, at)
    wanted = JobFilter(changed_since=NOW - timedelta(days=1))
    with store.reading() as connection:
        found = [job.number for job in jobs.list_jobs(connection, wanted=wanted)]
        count = jobs.count_jobs(connection, wanted=wanted)

    assert (found, count) == ([1], 1)


def test_the_tasks_of_a_device_come_in_the_order_in_which_they_ran(store: Store) -> None:
    """The same task twice is two tasks; a diff belongs to the task that it was made by."""
    job = asked(store)
    lines = [
        ("core1", "Apply", None),
        ("core1", "Apply", "changed"),
        ("core2", "Apply", "failed"),
        ("core1", "Verify", "ok"),
        ("core1", "Verify", "ok"),
    ]
    with store.writing() as connection:
        events = (JobEvent(0, NOW, *line[:2], "line", "x", line[2]) for line in lines)
        jobs.add_events(connection, job, events)
    with store.reading() as connection:
        seen = tasks_of(connection, job.number, "core1")

    assert [(one.task, one.result, one.first) for one in seen] == [
        ("Apply", "changed", 1),
        ("Verify", "ok", 4),
        ("Verify", "ok", 5),
    ]
