# SPDX-License-Identifier: MIT
"""Parts live and die alone."""

from collections.abc import Sequence
from threading import Event as Flag

from collectors.collect.runner import Runner
from tests.collectors.listen.conftest import until
from tinhnet.errors import TinhnetError


class Counting:
    """A part that looks at one thing and runs until it is ended."""

    def __init__(self, thing: str) -> None:
        self.thing = thing
        self.looked: list[str] = []
        self.is_running = False

    def run(self, stop: Flag) -> None:
        """Wait."""
        self.is_running = True
        stop.wait()
        self.is_running = False

    def look(self, things: Sequence[str]) -> Sequence[str]:
        """Look at the one thing."""
        mine = [one for one in things if one == self.thing]
        self.looked += mine
        return mine


class Dying(Counting):
    """A part that cannot do its work, and cannot look either."""

    def run(self, stop: Flag) -> None:
        """Fail."""
        del stop
        raise TinhnetError("no", "never")

    def look(self, things: Sequence[str]) -> Sequence[str]:
        """Fail as well."""
        raise ZeroDivisionError(things)


def test_a_part_that_dies_is_started_again_and_harms_no_other() -> None:
    """A device that answers nonsense at night must not end all watching."""
    made: list[Dying] = []
    well = Counting("device:core1")

    def make() -> Dying:
        made.append(Dying("x"))
        return made[-1]

    runner = Runner({"dying": make, "well": lambda: well})
    runner.start()
    until(lambda: len(made) >= 2, "it is started again")
    until(lambda: well.is_running, "the other runs")
    looked = runner.look(["device:core1", "site:dien-ban"])
    runner.stop()

    assert looked == {"device:core1"}
    assert well.looked == ["device:core1"]
    assert not well.is_running
