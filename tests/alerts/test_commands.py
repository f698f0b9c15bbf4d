# SPDX-License-Identifier: MIT
"""`tinhnet alert …` keeps the shapes that docs/contracts promises, and writes evidence."""

import json
import os
import subprocess
import sys

import pytest

from tests.alerts.stage import ROOT, Stage
from tests.tinhnet.test_contracts import contract
from tinhnet.model.alert import AlertState
from tinhnet.store.evidence import newest_entries

pytestmark = pytest.mark.patient

CIRCUIT = "link:dien-ban-1"


def run(play: Stage, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command over the stage's state."""
    variables = {"TINHNET_STATE": str(play.context.config.state)}
    return subprocess.run(
        [sys.executable, "-m", "tinhnet", "alert", *arguments],
        cwd=ROOT,
        env=os.environ | variables,
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


@pytest.fixture
def cut(play: Stage) -> str:
    """Return the fingerprint of the alert of a cut circuit."""
    play.breaks(CIRCUIT)
    (fired,) = play.firing()
    return fired.alert.fingerprint


def test_alerts_keep_their_contracts(play: Stage, cut: str) -> None:
    """Programs of others read these lists; a renamed key breaks them silently."""
    listed = printed(play, "list")
    shown = printed(play, "show", cut[:8])
    taken = printed(play, "ack", cut, "--reason", "đã gọi VNPT", "--for", "30m")
    given = printed(play, "release", cut)
    silenced = printed(play, "silence", cut, "--reason", "đã biết")
    windows = printed(play, "windows")

    contract("alerts").validate(listed)
    for one in (shown, taken, given):
        contract("alerts", "detail").validate(one)
    contract("windows", "row").validate(silenced)
    contract("windows").validate(windows)
    assert isinstance(taken, dict)
    assert isinstance(silenced, dict)
    contract("windows", "row").validate(printed(play, "lift", str(silenced["id"])))
    assert taken["state"] == AlertState.ACKNOWLEDGED
    assert taken["acknowledged_reason"] == "đã gọi VNPT"
    with play.context.store.reading() as connection:
        actions = [one.action for one in newest_entries(connection)]
    assert actions == ["window.lift", "window.open", "alert.release", "alert.acknowledge"]


def test_the_words_of_the_contract_are_the_words_of_the_model() -> None:
    """A new state must not leave the contract behind."""
    text = (ROOT / "docs/contracts/alerts.schema.json").read_text(encoding="utf-8")
    row = json.loads(text)["$defs"]["row"]["properties"]

    assert row["state"]["enum"] == list(AlertState)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "ffff"), "there is no alert ffff"),
        (("ack", "{cut}", "--reason", "x", "--for", "soon"), "expected a length such as 30m"),
        (("silence", "--thing", "link:nowhere", "--reason", "x"), "link:nowhere: no such thing"),
        (("silence", "--reason", "x"), "must be about something"),
        (("lift", "w1"), "there is no window w1"),
    ],
    ids=["unknown", "length", "thing", "scope", "window"],
)
def test_a_mistake_is_one_sentence(
    play: Stage, cut: str, arguments: tuple[str, ...], said: str
) -> None:
    """What is wrong and what to do, and nothing is done."""
    done = run(play, *(one.format(cut=cut) for one in arguments))

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dry_run_says_how_much_a_silence_mutes(play: Stage, cut: str) -> None:
    """Who silences a carrier must know how many alerts that hides."""
    del cut
    done = run(play, "silence", "--site", "dien-ban", "--reason", "x", "--dry-run")

    assert done.stdout == "This mutes 1 alert now\n"
    assert printed(play, "windows") == []
