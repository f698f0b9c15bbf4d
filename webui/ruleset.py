# SPDX-License-Identifier: MIT
"""The alert rules as pages see them: read once, again when a file changes."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from tinhnet.alerting.rules import SHIPPED, Rule, load_rules
from webui.context import web

Stamp = tuple[tuple[str, int, int], ...]


def rules() -> Mapping[str, Rule]:
    """Return the rules by id.  Raises ProblemsError with every fault of every file."""
    named = web().context.config.alerts.rules
    directory = Path(named) if named else SHIPPED
    stamp = tuple(
        (path.name, found.st_mtime_ns, found.st_size)
        for path in sorted(directory.glob("*.yml"))
        for found in (path.stat(),)
    )
    return _read(directory, stamp)


@lru_cache(maxsize=2)
def _read(directory: Path, stamp: Stamp) -> Mapping[str, Rule]:
    del stamp  # what the files look like is part of the key
    return load_rules(directory)
