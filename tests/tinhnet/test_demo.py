# SPDX-License-Identifier: MIT
"""The parts of the story that need no lab."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tinhnet.demo.box import COMMAND, Box
from tinhnet.demo.commands import people
from tinhnet.demo.page_loss import Attempt, longest_gap
from tinhnet.demo.product import PortInUseError, Product
from tinhnet.demo.proof import sites_without
from tinhnet.demo.steps import Step, StepFailedError, StepResult, tell, write_story
from tinhnet.inventory import load
from tinhnet.secrets import secrets_of

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/contracts/story.schema.json").read_text(encoding="utf-8"))


def failing() -> dict[str, int]:
    """Be a step that is not true."""
    raise StepFailedError("the page was lost", "look at the circuit")


def test_a_gap_is_measured_between_pages_that_came() -> None:
    """Failed fetches in between do not shorten the loss; order of ending does not matter."""
    attempts = [
        Attempt(2.0, came=True),
        Attempt(0.0, came=True),
        Attempt(0.5, came=False),
        Attempt(1.2, came=False),
    ]

    assert longest_gap(attempts) == 2.0


def test_no_page_at_all_is_no_gap() -> None:
    """Nothing came, so nothing lies between two pages; `failed` tells that story."""
    assert longest_gap([Attempt(0.0, came=False)]) == 0.0


def test_a_story_stops_at_the_first_step_that_is_not_true(tmp_path: Path) -> None:
    """What follows a false step would only measure its wreckage."""
    said: list[str] = []
    steps = (
        Step("first", "It stands", lambda: {"devices": 3}),
        Step("second", "It lasts", failing),
        Step("third", "Never told", dict),
    )

    results = tell(steps, said.append)
    write_story(tmp_path / "story.json", results, len(steps))

    story = json.loads((tmp_path / "story.json").read_text(encoding="utf-8"))
    Draft202012Validator(SCHEMA).validate(story)
    assert [result.id for result in results] == ["first", "second"]
    assert story["ok"] is False
    assert results[1].error == "the page was lost; look at the circuit"
    assert any("FAILED" in line for line in said)


def test_a_story_of_true_steps_is_ok(tmp_path: Path) -> None:
    """The verdict needs every step."""
    write_story(tmp_path / "story.json", (StepResult("a", "A", 0.1, {}, None),), 1)

    assert json.loads((tmp_path / "story.json").read_text(encoding="utf-8"))["ok"] is True


def test_the_graph_names_who_has_one_way_only() -> None:
    """Every circuit of such a site ends on the dead core; core 2 carries backups alone."""
    network = load(ROOT / "inventory")

    lonely = sites_without(network, "core1")

    assert len(lonely) == 14
    assert all(network.sites[site].kind == "agency" for site in lonely)
    assert sites_without(network, "core2") == []


def test_a_port_in_use_says_what_to_do(tmp_path: Path) -> None:
    """The newcomer's 8080 is often taken."""
    box = Box("tx", ROOT / "inventory", tmp_path)
    first = Product(box, ("127.0.0.1", 0)).listen()
    taken = Product(box, ("127.0.0.1", int(first.getsockname()[1])))

    with first, pytest.raises(PortInUseError, match="choose --port"):
        taken.listen()


class HomeBox(Box):
    """A box whose product lives on this machine instead of in a lab."""

    def product(self, *arguments: str) -> list[str]:
        """Return the command line without a namespace around it."""
        return [str(COMMAND), *arguments]


def test_the_demos_people_keep_their_passwords_over_a_second_run(tmp_path: Path) -> None:
    """`make run` keeps the state: the second time the people are there already."""
    box = HomeBox("tx", ROOT / "inventory", tmp_path)
    store = secrets_of(tmp_path)

    first = people(box, store)
    second = people(box, store)

    listed = json.loads(box.must(box.product("user", "list", "--json")).stdout)
    assert first == second
    assert {row["name"]: row["roles"] for row in listed} == {
        "engineer": ["engineer"],
        "approver": ["approver"],
    }
