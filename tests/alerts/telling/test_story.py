# SPDX-License-Identifier: MIT
"""From what a collector sees to a telephone and into the ledger: both workers on one state."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.telling.worker import Notifying
from tests.alerts.stage import ACTOR, Stage
from tests.alerts.telling.place import Hook, listening, webhook, working
from tests.alerts.telling.place import run as work
from tinhnet.alerting.actions import WindowRequest, open_window
from tinhnet.context import Context
from tinhnet.inventory import load
from tinhnet.model.window import Scope
from tinhnet.sla.causes import causes_in, causes_of
from tinhnet.sla.report import newest_month, report_of

LINK = "link:dien-ban-1"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Return the real Quảng Nam, everything up for a while."""
    made = Stage(tmp_path / "var")
    made.look()
    made.pass_time(5)
    yield made
    made.worker.close(made.context)
    made.context.store.close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    """Return a web server that takes messages."""
    with listening(Hook()) as found:
        yield found


@pytest.fixture
def context(stage: Stage, tmp_path: Path, hook: Hook) -> Context:
    """Return the stage's context with one receiver."""
    webhook(tmp_path, "room", hook.url)
    settings = stage.context.config
    notify = settings.notify.model_copy(update={"receivers": tmp_path / "notify.d"})
    return replace(stage.context, config=settings.model_copy(update={"notify": notify}))


def later(stage: Stage, worker: Notifying, context: Context, seconds: float) -> None:
    """Let time pass, both workers at work."""
    for _ in range(round(seconds)):
        stage.pass_time(1)
        work(worker, context, stage.clock)  # type: ignore[arg-type]  # a clock of the same kind


def test_a_cut_circuit_is_one_message_and_its_mend_another(
    stage: Stage, context: Context, hook: Hook
) -> None:
    """The site is degraded, the carrier named, and the ledger knows why."""
    with working(context) as worker:
        stage.breaks(LINK)
        later(stage, worker, context, 30)
        stage.mends(LINK)
        later(stage, worker, context, 60)
    first, last = (json.loads(body) for body in hook.bodies)
    network = load(context.config.inventory)
    report = report_of(context, network, newest_month(context.now))
    with context.store.reading() as connection:
        causes = causes_of(connection, "circuit", "dien-ban-1", report.period)
    outages = [one for one in report.intervals("circuit", "dien-ban-1") if one.verdict == "down"]

    assert [key.rpartition("/")[2] for _, key in hook.taken] == ["1", "2"]
    assert first["key"] == last["key"]
    assert "Ủy ban nhân dân thị xã Điện Bàn · dien-ban-1" in first["subject"]
    assert first["facts"]["alerts"][0]["sites_degraded"] == ["dien-ban"]
    assert last["facts"]["reason"] == "resolved"
    assert 25 < sum(one.seconds for one in outages) < 40
    assert [one.rule for one in causes_in(outages[0], causes)] == ["circuit-down"]
    assert report.of_kind("site"), "the backup carried it"
    assert next(one for one in report.of_kind("site") if one.subject == "dien-ban").down_s == 0


def test_maintenance_is_silent_and_taken_out(stage: Stage, context: Context, hook: Hook) -> None:
    """The carrier cuts what it said it would cut: nobody is woken, nothing is counted."""
    request = WindowRequest(
        is_planned=True,
        scope=Scope(things=frozenset({LINK})),
        start=stage.clock.now,
        length_s=3600.0,
        reason="VNPT thay cáp",
    )
    open_window(stage.context, ACTOR, request)
    with working(context) as worker:
        later(stage, worker, context, 2)
        stage.breaks(LINK)
        later(stage, worker, context, 30)
    report = report_of(context, load(context.config.inventory), newest_month(context.now))
    (row,) = [one for one in report.of_kind("circuit") if one.subject == "dien-ban-1"]

    assert hook.taken == []
    assert (row.outages, row.down_s) == (0, 0)
    assert row.planned_s > 25
    assert [one.counts for one in report.planned] == [True]
