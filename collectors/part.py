# SPDX-License-Identifier: MIT
"""What a part of the collect worker is, and where it puts what it finds."""

from collections.abc import Mapping, Sequence
from threading import Event as Flag
from typing import Protocol

from tinhnet.model.event import Event
from tinhnet.model.observation import Observation
from tinhnet.store.series.sample import Sample


class Sink(Protocol):
    """Takes over what parts find, from any thread, and never makes them wait for the disk."""

    def samples(self, found: Sequence[Sample]) -> None:
        """Keep samples; they are written within a second."""
        ...

    def observe(self, seen: Mapping[str, Observation]) -> None:
        """Take what was seen of things; a change of state is written at once.

        It counts for 30 s.  Of what is asked by echo, devices and links, only
        that it works counts: no answer to SNMP is no outage.
        """
        ...

    def events(self, found: Sequence[Event]) -> None:
        """Keep events; they are written at once."""
        ...


class Part(Protocol):
    """Does its work in a thread of its own until `stop` is set, then returns within a second.

    `look` asks again, at once, for those of these things that the part asks;
    it returns them and does not wait for the answers.
    """

    def run(self, stop: Flag) -> None:
        """Work until `stop` is set; what it cannot ask is said, not raised."""
        ...

    def look(self, things: Sequence[str]) -> Sequence[str]:
        """Ask for these things now; return those that are this part's to ask."""
        ...
