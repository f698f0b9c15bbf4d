# SPDX-License-Identifier: MIT
"""What commands print: tables for people, JSON for programs; nothing a terminal would obey."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tinhnet.text import visible

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

Cell = str | int | float | bool | None | Sequence["Cell"] | Mapping[str, "Cell"]
Row = Mapping[str, Cell]


def print_json(value: Cell, indent: int | None = 1) -> None:
    """Print one JSON document on standard output; on one line when `indent` is None."""
    sys.stdout.write(visible(json.dumps(value, ensure_ascii=False, indent=indent)) + "\n")
    sys.stdout.flush()


def print_rows(rows: Sequence[Row], columns: Mapping[str, str], *, as_json: bool) -> None:
    """Print rows as JSON, or as a table of the columns given as key: heading."""
    if as_json:
        print_json(list(rows))
        return
    # Text, not str: a log line may hold what rich takes for markup.
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(_shown(row.get(key)))) for key in columns))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def local(at: datetime | None) -> str:
    """Return a moment as tables show it, in the time of Vietnam; `-` for none."""
    return "-" if at is None else f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"


def say(text: str) -> None:
    """Print a line for people on standard output."""
    sys.stdout.write(visible(text) + "\n")
    sys.stdout.flush()


def warn(text: str) -> None:
    """Print a line for people on standard error."""
    sys.stderr.write(visible(text) + "\n")
    sys.stderr.flush()


def _shown(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, Sequence) and not isinstance(cell, str):
        return " ".join(_shown(one) for one in cell)
    if isinstance(cell, Mapping):
        return " ".join(f"{key}={_shown(one)}" for key, one in cell.items())
    return str(cell)
