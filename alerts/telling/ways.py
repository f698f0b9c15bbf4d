# SPDX-License-Identifier: MIT
"""Receivers and the declared network as the worker knows them, read again when files change."""

from datetime import datetime
from pathlib import Path

from alerts.message import Notifier
from alerts.telling.ready import Ready, notifiers, ready
from alerts.telling.record import product_event
from tinhnet.context import Context
from tinhnet.errors import ProblemsError
from tinhnet.inventory import load
from tinhnet.logs import log_of
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.event import Event
from tinhnet.receivers import Receiver, load_receivers, stamp

log = log_of("notify")


class Ways:
    """Receivers and the declared network, read again when their files change."""

    def __init__(self) -> None:
        self.receivers: tuple[Receiver, ...] = ()
        self.network: DeclaredNetwork | None = None
        self._known: dict[str, Notifier] = notifiers()
        self._stamps: dict[str, object] = {}

    @property
    def by_name(self) -> dict[str, Receiver]:
        """Return the receivers by name."""
        return {one.name: one for one in self.receivers}

    def refresh(self, context: Context, now: datetime) -> list[Event]:
        """Read what changed; return an event for every fault of a receiver's file."""
        self._load_network(context.config.inventory)
        directory = context.config.notify.receivers
        found = stamp(directory)
        if self._stamps.get("receivers") == found:
            return []
        self._stamps["receivers"] = found
        self.receivers, problems = load_receivers(directory)
        faults = [str(problem) for problem in problems]
        for one in self.receivers:
            way = self.way(one.name, context)
            faults += [f"{directory / one.name}.toml: {fault}" for fault in way.faults]
        log.info("receivers_read", receivers=len(self.receivers), faults=len(faults))
        return [
            product_event("receiver_faulty", fault, now, key=f"{found}:{fault}") for fault in faults
        ]

    def way(self, name: str, context: Context) -> Ready:
        """Return how a receiver is reached now; secrets are read at this moment."""
        people = self.network.people if self.network else {}
        return ready(self.by_name[name], self._known, context.secrets, people)

    def _load_network(self, directory: Path) -> None:
        """Keep the last inventory that loads; without any, ids stand for names."""
        found = tuple(
            (str(path), status.st_mtime_ns, status.st_size)
            for path in sorted(directory.glob("*.yml"))
            for status in (path.stat(),)
        )
        if self._stamps.get("network") == found:
            return
        self._stamps["network"] = found
        try:
            self.network = load(directory)
        except ProblemsError as error:
            log.warning("inventory_faulty", problems=len(error.problems))
