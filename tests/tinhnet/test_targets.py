# SPDX-License-Identifier: MIT
"""What a run means is asked once, and again as soon as anything could change the answer."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tinhnet import targets
from tinhnet.targets import Question, Target, ask

ANSWER = """
playbook: wan.yml

  play #1 (routers): Cores\tTAGS: []
    pattern: ['routers']
    hosts (2):
      core2
      core1
"""


@pytest.fixture
def question(tmp_path: Path) -> Question:
    """Return a question to a program that counts how often it is asked."""
    program = tmp_path / "ansible-playbook"
    (tmp_path / "answer").write_text(ANSWER, encoding="utf-8")
    program.write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\ncat {tmp_path}/answer\n', encoding="utf-8"
    )
    program.chmod(0o755)
    for name in ("inventory", "playbooks", "declared"):
        (tmp_path / name).mkdir()
    (tmp_path / "declared" / "sites.yml").write_text("a", encoding="utf-8")
    return Question(
        program=str(program),
        root=tmp_path,
        playbook=str(tmp_path / "playbooks" / "wan.yml"),
        limit=None,
        tags=(),
        extra={},
        environment={**os.environ, "TINHNET__INVENTORY": str(tmp_path / "declared")},
    )


def times(question: Question) -> int:
    """Return how often the program was asked."""
    return len((question.root / "asked").read_text(encoding="utf-8").splitlines())


def test_the_same_question_is_asked_once(question: Question, tmp_path: Path) -> None:
    """A dry run, its page and the run itself ask the same."""
    for _ in range(3):
        assert ask(question, tmp_path / "kept") == Target(("core1", "core2"))

    assert times(question) == 1


@pytest.mark.parametrize("name", ["declared/sites.yml", "inventory/new.yml", "playbooks/wan.yml"])
def test_a_changed_file_is_noticed(question: Question, tmp_path: Path, name: str) -> None:
    """An answer from before a change of the inventory would touch the wrong devices."""
    ask(question, tmp_path / "kept")
    (tmp_path / name).write_text("another", encoding="utf-8")
    ask(question, tmp_path / "kept")

    assert times(question) == 2


def test_another_question_has_another_answer(question: Question, tmp_path: Path) -> None:
    """Limit, tags, arguments and inventory belong to the question."""
    others = [
        replace(question, limit="core1"),
        replace(question, tags=("x",)),
        replace(question, extra={"device": "core1"}),
        replace(question, environment={**os.environ, "TINHNET__INVENTORY": "/nowhere"}),
    ]
    for one in (question, *others):
        ask(one, tmp_path / "kept")

    assert times(question) == 5


def test_complaints_and_damage_are_not_kept(question: Question, tmp_path: Path) -> None:
    """Whoever corrects a fault is not told of it again; half a file counts as none."""
    refused = replace(question, program="/bin/false")
    assert ask(refused, tmp_path / "kept").complaint == "/bin/false ended with 1"
    assert ask(question, tmp_path / "kept").devices == ("core1", "core2")
    (path,) = (tmp_path / "kept").glob("*.json")
    path.write_text('["cor', encoding="utf-8")

    assert ask(question, tmp_path / "kept").devices == ("core1", "core2")
    assert times(question) == 2


def test_the_folder_stays_small(
    question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every limit that anybody ever typed would fill the disk."""
    monkeypatch.setattr(targets, "KEPT", 3)
    for number in range(6):
        ask(replace(question, limit=f"x{number}"), tmp_path / "kept")

    assert len(list((tmp_path / "kept").iterdir())) == 3


def test_an_answer_that_cannot_be_kept_is_still_one(question: Question, tmp_path: Path) -> None:
    """A folder of another user or a full disk must not keep a job from its devices."""
    (tmp_path / "kept").write_text("no folder", encoding="utf-8")

    assert ask(question, tmp_path / "kept").devices == ("core1", "core2")
