# SPDX-License-Identifier: MIT
"""The declared network as the pages see it: loaded once, again when a file changes."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

from tinhnet.errors import ProblemsError
from tinhnet.model.declared import DeclaredNetwork
from webui.index import Index, index_of

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """One state of the inventory.

    `problems` are what keeps the newest files from being loaded; the index
    is then that of the last good state, from `loaded_at`.
    """

    index: Index
    loaded_at: datetime
    problems: tuple[str, ...] = ()


class Inventory:
    """The inventory directory, watched by its files' times and sizes."""

    def __init__(
        self,
        directory: Path,
        load: Callable[[Path], DeclaredNetwork],
        now: Callable[[], datetime],
    ) -> None:
        self.directory = directory
        self._load = load
        self._now = now
        self._lock = Lock()
        self._stamp: Stamp | None = None
        self._loaded: Loaded | None = None

    def current(self) -> Loaded:
        """Return the newest state that loads.

        Raises ProblemsError when no state of this directory ever loaded.
        """
        with self._lock:
            stamp = self._look()
            if self._loaded is None or stamp != self._stamp:
                gc.unfreeze()
                self._loaded = self._again()
                self._stamp = stamp
                _set_aside()
            return self._loaded

    def _look(self) -> Stamp:
        """Return name, time and size of every file, hidden ones aside."""
        return tuple(
            (str(path), found.st_mtime_ns, found.st_size)
            for path in sorted(self.directory.glob("*.yml"))
            for found in (path.stat(),)
        )

    def _again(self) -> Loaded:
        """Load the files; keep the last good state where they have problems."""
        try:
            return Loaded(index_of(self._load(self.directory)), self._now())
        except ProblemsError as error:
            if self._loaded is None:
                raise
            problems = tuple(str(problem) for problem in error.problems)
            return Loaded(self._loaded.index, self._loaded.loaded_at, problems)


def _set_aside() -> None:
    """Keep what stays, a province's network above all, out of later garbage collections.

    With 2,000 devices each of them took 0.11 s, in the middle of somebody's page.
    """
    gc.collect()
    gc.freeze()
