# SPDX-License-Identifier: MIT
"""The month's report: from rows to figures that somebody signs."""

import csv
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.alerts.telling.place import record
from tinhnet.actions import RequestError
from tinhnet.alerting.ledger import Claim, Exclusion, Verdict, lines, month, rows_of
from tinhnet.config import load_config
from tinhnet.context import Context, open_context
from tinhnet.errors import TinhnetError
from tinhnet.inventory import load
from tinhnet.model.alert import AlertEntry
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.window import Scope, Window
from tinhnet.sla.causes import causes_in, causes_of
from tinhnet.sla.listing import as_csv, intervals_csv, percent, report_row
from tinhnet.sla.report import Report, report_of
from tinhnet.store.alerts import add_entries, put_alerts
from tinhnet.store.claims import begin_claims, move_claims
from tinhnet.store.windows import add_window, lift_window

ROOT = Path(__file__).parents[3]
SMALL = ROOT / "tests/cases/inventory-small"
SCHEMA = json.loads((ROOT / "docs/contracts/sla.schema.json").read_text(encoding="utf-8"))
START = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)  # the first of November in Vietnam
NOW = START + timedelta(days=10)
HOUR = timedelta(hours=1)
LINK = "dien-ban-1"


@pytest.fixture(scope="module")
def network() -> DeclaredNetwork:
    """Return the small province."""
    return load(SMALL)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    """Return a state ten days into November."""
    environment = {
        "TINHNET_STATE": str(tmp_path / "var"),
        "TINHNET__SLA__TARGETS": "vnpt=99.9,dien-ban-1=99",
    }
    opened = open_context(load_config(environment, tmp_path), lambda: NOW)
    yield opened
    opened.store.close()


def claimed(
    context: Context, subject: str, begin: float, end: float, *, up: bool, source: str = "collect"
) -> None:
    """Write that a circuit was seen up or down between hours of the month."""
    start, until = START + begin * HOUR, START + end * HOUR
    with context.store.writing() as connection:
        begin_claims(connection, [Claim(subject, up, start, None, source)])
        move_claims(connection, {subject: until}, end=True)


def maintained(context: Context, begin: float, hours: float, scope: Scope, *, told: float) -> None:
    """Write a maintenance window of some hours."""
    window = Window(
        id=f"w{begin:.0f}",
        is_planned=True,
        scope=scope,
        start=START + begin * HOUR,
        length_s=hours * 3600,
        owner="lan",
        reason="thay cáp",
        announced_at=START + told * HOUR,
    )
    with context.store.writing() as connection:
        add_window(connection, window)


def figure(report: Report, kind: str, subject: str) -> tuple[float, float, float, float]:
    """Return the hours up, down, unknown and planned of a subject."""
    (row,) = [one for one in report.of_kind(kind) if one.subject == subject]
    up, down, unknown, planned = (
        value / 3600 for value in (row.up_s, row.down_s, row.unknown_s, row.planned_s)
    )
    return up, down, unknown, planned


def test_the_month_is_that_of_vietnam_and_ends_now(
    context: Context, network: DeclaredNetwork
) -> None:
    """The days to come are not unknown, they have not been."""
    claimed(context, f"link:{LINK}", 0, 230, up=True)
    claimed(context, f"link:{LINK}", 230, 235, up=False)
    report = report_of(context, network, "2026-11")

    assert (report.period.start, report.period.end) == (START, NOW)
    assert figure(report, "circuit", LINK) == (230, 5, 5, 0)
    assert figure(report, "site", "dien-ban") == (230, 0, 10, 0)


def test_subjects_may_be_named_as_things_or_as_circuits(
    context: Context, network: DeclaredNetwork
) -> None:
    """Whoever writes claims names things; the ledger names circuits."""
    claimed(context, LINK, 0, 10, up=True)
    claimed(context, "link:so-y-te-1", 0, 10, up=True)
    report = report_of(context, network, "2026-11")

    assert figure(report, "circuit", LINK) == figure(report, "circuit", "so-y-te-1")


def test_announced_work_is_taken_out_and_listed(context: Context, network: DeclaredNetwork) -> None:
    """The carrier announced two hours and took three: one counts."""
    claimed(context, f"link:{LINK}", 0, 100, up=True)
    claimed(context, f"link:{LINK}", 100, 103, up=False)
    maintained(context, 100, 2, Scope(things=frozenset({f"link:{LINK}"})), told=50)
    maintained(context, 102, 1, Scope(carriers=frozenset({"vnpt"})), told=102.5)
    report = report_of(context, network, "2026-11")

    assert figure(report, "circuit", LINK) == (100, 1, 137, 2)
    assert [(one.work.id, one.counts, one.reason) for one in report.planned] == [
        ("w100", True, "thay cáp"),
        ("w102", False, "thay cáp"),
    ]


def test_work_on_a_core_takes_out_the_circuits_that_end_on_it(
    context: Context, network: DeclaredNetwork
) -> None:
    """Nobody can tell whether the carrier's part works while our end is being changed."""
    claimed(context, f"link:{LINK}", 0, 10, up=False)
    maintained(context, 0, 10, Scope(things=frozenset({"device:core1"})), told=-5)
    report = report_of(context, network, "2026-11")

    assert figure(report, "circuit", LINK)[3] == 10
    assert figure(report, "circuit", "dien-ban-2")[3] == 0


def test_a_lifted_window_ends_when_it_was_lifted(
    context: Context, network: DeclaredNetwork
) -> None:
    """The technician was done early; what broke afterwards counts."""
    claimed(context, f"link:{LINK}", 0, 10, up=False)
    maintained(context, 0, 10, Scope(sites=frozenset({"dien-ban"})), told=-5)
    with context.store.writing() as connection:
        lift_window(connection, "w0", "lan", START + 4 * HOUR)
    report = report_of(context, network, "2026-11")

    assert figure(report, "circuit", LINK)[1::2] == (6, 4)


def test_contracts_judge_only_what_they_are_about(
    context: Context, network: DeclaredNetwork
) -> None:
    """A circuit's own contract beats its carrier's; without one nothing is judged."""
    claimed(context, f"link:{LINK}", 0, 98.5, up=True)
    claimed(context, f"link:{LINK}", 98.5, 100, up=False)
    claimed(context, "link:so-y-te-1", 0, 100, up=True)
    claimed(context, "link:dien-ban-2", 0, 100, up=True)
    shown = report_row(report_of(context, network, "2026-11"), network)
    Draft202012Validator(SCHEMA).validate(shown)
    circuits = {one["id"]: one for one in shown["circuits"]}  # type: ignore[union-attr,index,call-overload]
    carriers = {one["id"]: one for one in shown["carriers"]}  # type: ignore[union-attr,index,call-overload]

    assert (circuits[LINK]["target_ratio"], circuits[LINK]["is_met"]) == (0.99, False)
    assert circuits["so-y-te-1"]["is_met"] is True
    assert circuits["dien-ban-2"]["is_met"] is None
    assert circuits["gov-1"]["is_met"] is None, "nothing is known of it"
    assert carriers["vnpt"]["is_met"] is False


def test_a_contract_with_nobody_is_an_error(context: Context, network: DeclaredNetwork) -> None:
    """A typing error must not silence a judgement."""
    config = context.config.model_copy(
        update={"sla": context.config.sla.model_copy(update={"targets": ["vnp=99", "vnpt=x"]})}
    )

    with pytest.raises(TinhnetError, match="vnp=99, vnpt=x"):
        report_of(replace(context, config=config), network, "2026-11")


def test_an_outage_names_its_sources_and_the_alert_that_says_why(
    context: Context, network: DeclaredNetwork
) -> None:
    """Every figure is a sum of intervals that somebody can look up."""
    claimed(context, f"link:{LINK}", 0, 10, up=True)
    claimed(context, f"link:{LINK}", 10, 11, up=False, source="core1/probe")
    found = record(f"link:{LINK}")
    entry = AlertEntry(found.alert.fingerprint, 1, START + 10.01 * HOUR, "firing", "")
    with context.store.writing() as connection:
        put_alerts(connection, [found])
        add_entries(connection, [entry])
    report = report_of(context, network, "2026-11")
    with context.store.reading() as connection:
        causes = causes_of(connection, "circuit", LINK, report.period)
    intervals = report.intervals("circuit", LINK)

    down = [one for one in intervals if one.verdict is Verdict.DOWN]
    assert [one.sources for one in down] == [("core1/probe",)]
    assert [one.title_en for one in causes_in(down[0], causes)] == ["Circuit down"]
    assert causes_in(intervals[0], causes) == ()


def test_a_spreadsheet_opens_it_in_vietnamese(context: Context, network: DeclaredNetwork) -> None:
    """With the mark that tells UTF-8, lines that end as RFC 4180 has it, no formulas."""
    claimed(context, f"link:{LINK}", 0, 10, up=True)
    report = report_of(context, network, "2026-11")
    text = "".join(as_csv(report, network, "vi"))
    rows = list(csv.DictReader(StringIO(text[1:])))

    assert text[0] == "\ufeff"
    assert text.count("\r\n") == text.count("\n") == len(report.rows) + 1
    mine = next(row for row in rows if row["Mã"] == LINK)
    assert mine["Tên"] == "Ủy ban nhân dân thị xã Điện Bàn"
    assert (mine["Tỷ lệ sẵn sàng (%)"], mine["Cam kết (%)"]) == ("100.0000", "99.0000")
    assert next(row for row in rows if row["Mã"] == "gov-1")["Tỷ lệ sẵn sàng (%)"] == ""
    assert "'=1+1" in "".join(
        intervals_csv((replace(report.intervals("circuit", LINK)[0], subject="=1+1"),), "en")
    )


@pytest.mark.parametrize(
    ("ratio", "shown"), [(None, ""), (1.0, "100.0000"), (0.99999999, "99.9999"), (0.999, "99.9000")]
)
def test_a_percentage_is_never_rounded_up(ratio: float | None, shown: str) -> None:
    """A month with an outage never shows as whole."""
    assert percent(ratio) == shown


@pytest.mark.parametrize("text", ["2026-13", "november", "2026-1", "../2026-11"])
def test_what_is_no_month_is_refused(context: Context, network: DeclaredNetwork, text: str) -> None:
    """A report of the wrong month is worse than none."""
    with pytest.raises(RequestError, match="is no month"):
        report_of(context, network, text)


def test_a_month_to_come_is_empty(context: Context, network: DeclaredNetwork) -> None:
    """Nothing has been, nothing is unknown."""
    report = report_of(context, network, "2026-12")

    assert (report.claims, report.rows) == (0, ())


def widened(network: DeclaredNetwork) -> DeclaredNetwork:
    """Return a thousand sites with two circuits each."""
    link, cpe = network.links[LINK], network.devices["dien-ban-cpe1"]
    numbers = range(1000)
    return replace(
        network,
        sites={f"s{n}": replace(network.sites["dien-ban"], id=f"s{n}") for n in numbers},
        devices={f"d{n}": replace(cpe, id=f"d{n}", site=f"s{n}") for n in numbers},
        links={
            f"c{n}": replace(link, id=f"c{n}", a=replace(link.a, device=f"d{n % 1000}"))
            for n in range(2000)
        },
    )


def test_a_month_of_two_thousand_circuits_takes_two_seconds(network: DeclaredNetwork) -> None:
    """Twenty outages each; whoever opens the page waits for it."""
    wide = widened(network)
    period = month(2026, 11)
    claims = [
        Claim(f"c{n}", up, period.start + begin * HOUR, period.start + end * HOUR, "collect")
        for n in range(2000)
        for turn in range(20)
        for up, begin, end in (
            (True, turn * 36, turn * 36 + 35),
            (False, turn * 36 + 35, turn * 36 + 36),
        )
    ]
    began = time.process_time()
    rows = rows_of(lines(wide, claims, (), period, Exclusion()))
    passed = time.process_time() - began

    assert sum(row.outages for row in rows if row.kind == "circuit") == 40_000
    assert passed < 6, "three times the aim: the machine is shared"
