# SPDX-License-Identifier: MIT
"""The worker's steps: a network that changes, wishes to look, parts from their folder."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event as Flag

import pytest

from collectors.collect.runner import Make, part_makers
from collectors.collect.sink import WorkerSink
from collectors.collect.worker import CollectWorker
from tests.collectors.listen.conftest import until
from tests.conftest import ROOT
from tinhnet.config import load_config
from tinhnet.context import Context, open_context
from tinhnet.errors import ProblemsError
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.observation import Observation, State
from tinhnet.store.observed import ask_again, asked_again, list_observed, newest_of
from tinhnet.worker import Identity, find_worker

pytestmark = pytest.mark.patient

THING = "service:portal"


class Seeing:
    """A part that says what it was asked to look at."""

    def __init__(self, context: Context, network: DeclaredNetwork, sink: WorkerSink) -> None:
        self.network = network
        self._context = context
        self._sink = sink
        self.is_running = False

    def run(self, stop: Flag) -> None:
        """Wait."""
        self.is_running = True
        stop.wait()
        self.is_running = False

    def look(self, things: Sequence[str]) -> Sequence[str]:
        """Say at once that it works."""
        mine = [one for one in things if one == THING]
        self._sink.observe({one: Observation(State.UP, self._context.now) for one in mine})
        return mine


class Installation:
    """A worker with one part, and the parts that were made."""

    def __init__(self, folder: Path) -> None:
        self.inventory = folder / "inventory"
        shutil.copytree(ROOT / "inventory", self.inventory)
        environ = {"TINHNET_STATE": str(folder / "var"), "TINHNET__INVENTORY": str(self.inventory)}
        self.context = open_context(load_config(environ, ROOT))
        self.parts: list[Seeing] = []
        identity = Identity("collect", "here", os.getpid(), self.context.now)
        self.worker = CollectWorker(self.context, identity, self._makers)

    def _makers(
        self, context: Context, network: DeclaredNetwork, sink: WorkerSink
    ) -> dict[str, Make]:
        def make() -> Seeing:
            self.parts.append(Seeing(context, network, sink))
            return self.parts[-1]

        return {"seeing": make}

    def seen(self) -> dict[str, Observation]:
        """Return what the rows say."""
        with self.context.store.reading() as connection:
            return newest_of(list_observed(connection))


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    """Open an installation of its own files."""
    found = Installation(tmp_path)
    until(lambda: bool(found.parts) and found.parts[-1].is_running, "the part runs")
    yield found
    found.worker.close(found.context)
    assert not any(part.is_running for part in found.parts)
    found.context.store.close()


def test_a_wish_is_passed_on_and_answered_at_once(installed: Installation) -> None:
    """What nobody can look at is no wish for ever."""
    now = installed.context.now
    with installed.context.store.writing() as connection:
        ask_again(connection, [THING, "site:dien-ban"], now)
    installed.worker.step(installed.context)
    until(lambda: THING in installed.seen(), "it was looked at")

    assert installed.seen()[THING].at >= now
    with installed.context.store.reading() as connection:
        assert asked_again(connection) == {}


def test_a_network_that_changes_is_taken_over(installed: Installation) -> None:
    """A circuit that was ordered yesterday is watched without a restart."""
    links = installed.inventory / "links.yml"
    text = links.read_text(encoding="utf-8").replace("VNPT-QNM-0107", "VNPT-QNM-9107")
    links.write_text(text, encoding="utf-8")

    def is_taken_over() -> bool:
        installed.worker.step(installed.context)
        return len(installed.parts) > 1 and installed.parts[-1].is_running

    until(is_taken_over, "the new network is watched")
    first, second = installed.parts
    assert not first.is_running
    assert second.network.links["dien-ban-1"].circuit_id == "VNPT-QNM-9107"


def test_a_faulty_network_is_told_and_the_old_one_goes_on(installed: Installation) -> None:
    """Half a file in the editor must not end all watching."""
    (installed.inventory / "links.yml").write_text("format: 1\n", encoding="utf-8")
    told: list[ProblemsError] = []

    def is_told() -> bool:
        try:
            installed.worker.step(installed.context)
        except ProblemsError as error:
            told.append(error)
        return bool(told)

    until(is_told, "the fault is told")
    installed.worker.step(installed.context)
    assert [part.is_running for part in installed.parts] == [True]


def test_the_worker_and_its_parts_are_found_by_their_file_names() -> None:
    """A new part is one new file."""
    assert find_worker("collect").title
    assert all(callable(maker) for maker in part_makers().values())
