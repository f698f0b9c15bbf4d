# SPDX-License-Identifier: MIT
"""Threads: what was told to whom about alerts that go on; plain values that survive a restart."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tinhnet.errors import TinhnetError

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Thread:
    """The messages about one alert or one group of alerts.

    `members` are its alerts that have not resolved, as `fingerprint/episode`,
    with the time since when each holds.  `told` counts the messages of each
    receiver.  `level` is the highest that knows.  `look_at` is when it is
    looked at again: escalated, or repeated; None: never by itself.
    """

    key: str
    members: Mapping[str, datetime] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)
    level: int = 1
    look_at: datetime | None = None


Threads = Mapping[str, Thread]
"""Every thread that goes on, by its key."""


def name_of(fingerprint: str, episode: int) -> str:
    """Return what names an alert's episode in a thread."""
    return f"{fingerprint}/{episode}"


def episode_of(member: str) -> tuple[str, int]:
    """Return fingerprint and episode of a member."""
    fingerprint, _, episode = member.rpartition("/")
    return fingerprint, int(episode)


def next_look(threads: Threads) -> datetime | None:
    """Return when the first thread is to be looked at, None when none is."""
    return min((one.look_at for one in threads.values() if one.look_at is not None), default=None)


def to_text(threads: Threads) -> str:
    """Return threads as the text that `of_text` reads."""
    held = [
        {
            "key": one.key,
            "members": {name: since.isoformat() for name, since in one.members.items()},
            "told": dict(one.told),
            "level": one.level,
            "look_at": one.look_at.isoformat() if one.look_at else None,
        }
        for one in threads.values()
    ]
    return json.dumps({"format": FORMAT, "threads": held}, separators=(",", ":"))


def of_text(text: str | None) -> dict[str, Thread]:
    """Return the threads of a text; none of None.  TinhnetError for a newer format."""
    if text is None:
        return {}
    held = json.loads(text)
    if held["format"] != FORMAT:
        raise TinhnetError(
            f"the memory of messages has format {held['format']}, expected {FORMAT}",
            "run the product that wrote it",
        )
    return {
        one["key"]: Thread(
            key=one["key"],
            members={name: datetime.fromisoformat(since) for name, since in one["members"].items()},
            told=one["told"],
            level=one["level"],
            look_at=datetime.fromisoformat(one["look_at"]) if one["look_at"] else None,
        )
        for one in held["threads"]
    }
