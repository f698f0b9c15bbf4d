# SPDX-License-Identifier: MIT
"""What is told to people, and what became of telling it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one receiver.

    `key` names what it is about and stays the same over all messages of one
    alert or group; `number` counts them, so that key and number together name
    this message and a repeat is known as one.  `facts` is what a machine reads.
    """

    key: str
    number: int
    at: datetime
    subject: str
    text: str
    facts: Mapping[str, object]


class Fate(StrEnum):
    """What became of a message: only a retry is tried again."""

    DELIVERED = "delivered"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one try ended; `wait_s` is how long the receiver asked to be left alone."""

    fate: Fate
    detail: str
    wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a notifier: what it means, and its default (None: must be given)."""

    meaning: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Notifier:
    """A way to tell people.  `deliver` tries once, raises nothing and waits at most seconds."""

    title: str
    settings: Mapping[str, Setting]
    deliver: Callable[[Message, Mapping[str, str]], Delivery]


def delivered(detail: str) -> Delivery:
    """Return the outcome of a message that the receiver has taken over."""
    return Delivery(Fate.DELIVERED, detail)


def retry(detail: str, wait_s: float | None = None) -> Delivery:
    """Return the outcome of a try that may go better later."""
    return Delivery(Fate.RETRY, detail, wait_s)


def refused(detail: str) -> Delivery:
    """Return the outcome of a message that will never be taken as it is."""
    return Delivery(Fate.REFUSED, detail)


def settings_of(notifier: Notifier, given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the settings with their defaults, and what is wrong with what was given."""
    unknown = sorted(set(given) - set(notifier.settings))
    faults = [f"there is no setting {name}" for name in unknown]
    whole: dict[str, str] = {}
    for name, setting in notifier.settings.items():
        value = given.get(name, setting.default)
        if value is None:
            faults.append(f"{name} is missing: {setting.meaning}")
        else:
            whole[name] = value
    return whole, faults
