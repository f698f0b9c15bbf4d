# SPDX-License-Identifier: MIT
"""`tinhnet shift` and the notes and tickets of `tinhnet alert`, over a real state."""

import json
import os
import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.alerts.conftest import ROOT
from tests.alerts.stage import Stage
from tests.alerts.test_commands import cut
from tests.tinhnet.test_contracts import contract
from tinhnet.alerting import shift_actions
from tinhnet.model.actor import Actor, Role

pytestmark = pytest.mark.patient

__all__ = ["cut"]
TUAN = Actor("tuan", frozenset({Role.OPERATOR}), "web")


def run(play: Stage, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command over the stage's state."""
    return subprocess.run(
        [sys.executable, "-m", "tinhnet", *arguments],
        cwd=ROOT,
        env=os.environ | {"TINHNET_STATE": str(play.context.config.state)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def printed(play: Stage, *arguments: str) -> object:
    """Return the JSON that a command prints."""
    done = run(play, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_shift_is_handed_over_on_the_command_line(play: Stage, cut: str) -> None:
    """The night the web is away is the night that is handed over on paper or here."""
    ticket = printed(play, "alert", "ticket", cut, "VNPT-4711", "--note", "hẹn 30 phút")
    detail = printed(play, "alert", "note", cut, "gọi lại lúc 23:10")
    shown = printed(play, "alert", "show", cut)
    now = printed(play, "shift", "now")
    given = printed(play, "shift", "give", "--note", "Điện Bàn chạy kênh dự phòng")
    own = run(play, "shift", "take", "H1")
    other = shift_actions.give_handover(play.context, TUAN, "ca ngày")
    taken = printed(play, "shift", "take", other.id)
    listed = printed(play, "shift", "list")

    contract("handovers", "ticket").validate(ticket)
    contract("alerts", "detail").validate(detail)
    contract("handovers").validate(listed)
    for one in (given, taken):
        contract("handovers", "row").validate(one)
    assert isinstance(now, list)
    assert isinstance(shown, dict)
    assert isinstance(taken, dict)
    contract("handovers", "line").validate(now[0])
    assert "VNPT-4711" in now[0]["detail"]
    assert shown["timeline"][0]["text"] == "gọi lại lúc 23:10"
    assert own.returncode == 1
    assert "cannot take it over" in own.stderr
    assert taken["given_by"] == "tuan"
    assert taken["taken_at"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shift", "take", "H9"), "there is no handover H9"),
        (("shift", "show", "morning"), "is no handover"),
        (("shift", "give", "--note", "x" * 4001), "more than 4000"),
        (("alert", "ticket", "{cut}", " "), "ticket number of 1 to 60"),
        (("alert", "ticket", "{cut}", "V1", "--opened", "1999-01-01"), "within the last year"),
        (("alert", "note", "{cut}", "a\x1b[2J"), "U+001B"),
        (("duty", "remove", "9" * 30), "Usage:"),
        (("events", "--before", "9" * 30), "Usage:"),
        (("alert", "list", "--count", "-1"), "Usage:"),
        (("duty", "add", "lan", "--from", "9999-12-31T00:00"), "nobody is called"),
    ],
    ids=["none", "word", "long", "empty", "old", "escape", "duty", "before", "count", "year"],
)
def test_a_mistake_is_one_sentence(
    play: Stage, cut: str, arguments: tuple[str, ...], said: str
) -> None:
    """What is wrong and what to do, and nothing is done."""
    done = run(play, *(one.format(cut=cut) for one in arguments))

    assert done.returncode in {1, 2}
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_tables_show_the_time_of_vietnam(play: Stage, cut: str) -> None:
    """Somebody who reads 02:20 at 09:20 looks for the wrong night."""
    (row,) = printed(play, "alert", "list")  # type: ignore[misc]  # JSON of the contract
    since = datetime.fromisoformat(row["since"]).astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))
    shown = run(play, "alert", "list").stdout
    shift = run(play, "shift", "now").stdout

    assert cut in shown
    assert f"{since:%Y-%m-%d %H:%M:%S}" in shown
    assert f"{since:%Y-%m-%d %H:%M:%S}" in shift
