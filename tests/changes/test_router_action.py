# SPDX-License-Identifier: MIT
"""A router's task ends in one of our result words, and in Ansible's that belongs to it."""

from pathlib import Path

import pytest

from changes.action import Result, done, target_of
from changes.device import KeyRefusedError, SessionLostError
from changes.push import Outcome, SectionDiff
from changes.router_action import attempt, pushed
from tinhnet.errors import TinhnetError
from tinhnet.inventory import load
from tinhnet.model.device import Device

SMALL = Path(__file__).parents[1] / "cases" / "inventory-small"


@pytest.fixture(scope="module")
def router() -> Device:
    """Return a router of the small province."""
    return load(SMALL).devices["core1"]


def outcome(word: str) -> Outcome:
    """Return how a push came out that changed one section."""
    diffs = (SectionDiff("frr", "a\n", "b\n"),)
    return Outcome(word, diffs, (), ("a neighbour did not come back",), 0.4)


@pytest.mark.parametrize(
    ("word", "changed", "failed"),
    [("ok", False, None), ("changed", True, None), ("rolled_back", False, True)],
)
def test_a_push_ends_in_the_word_of_the_device(
    router: Device, word: str, *, changed: bool, failed: bool | None
) -> None:
    """What the router says of itself is what the operator reads."""
    result = pushed(router, outcome(word), diff=True)

    assert (result["tinhnet_result"], result["changed"]) == (word, changed)
    assert result.get("failed") is failed
    assert result["diff"] == [
        {
            "before_header": "core1 frr",
            "after_header": "core1 frr",
            "before": "a\n",
            "after": "b\n",
        }
    ]


def test_a_change_that_was_taken_back_says_why(router: Device) -> None:
    """The reason stands beside the word, not only in the log."""
    told = pushed(router, outcome("rolled_back"), diff=False)["msg"]

    assert told == "core1: rolled back: a neighbour did not come back"


@pytest.mark.parametrize(
    ("error", "word", "key"),
    [
        (KeyRefusedError("core1 refuses our key", "rotate"), "unreachable", "unreachable"),
        (SessionLostError("core1: the session ended", "run again"), "failed", "failed"),
        (TinhnetError("core1: a refused line"), "failed", "failed"),
    ],
    ids=["key", "session", "refused"],
)
def test_what_goes_wrong_is_a_result_with_its_hint(
    error: TinhnetError, word: str, key: str
) -> None:
    """Ansible goes on with the others, and the operator reads what to do."""

    def work() -> Result:
        raise error

    assert attempt(work) == {key: True, "tinhnet_result": word, "msg": str(error)}


def test_work_that_goes_well_is_passed_on() -> None:
    """The frame adds nothing to what went well."""
    assert attempt(lambda: done(changed=True)) == {"changed": True, "tinhnet_result": "changed"}


def test_the_target_is_what_the_inventory_says(tmp_path: Path) -> None:
    """The plug-ins need the variables of the inventory plug-in and nothing else."""
    variables = {"tinhnet_inventory": str(SMALL), "tinhnet_device": "core1"}
    at = target_of({**variables, "tinhnet_state": str(tmp_path), "tinhnet_actor": "lan"})

    assert (at.device.id, at.state, at.who) == ("core1", tmp_path, "lan")
