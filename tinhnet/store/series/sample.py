# SPDX-License-Identifier: MIT
"""The words of the room: series, sample, selector, and what a window shows."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LONGEST_LABEL = 400
"""Bytes of UTF-8; an interface alias of a device has 64 characters (RFC 2863)."""

_WORD = re.compile(r"[a-z][a-z0-9_]{0,99}")


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """What is measured where; `series_of` makes one.

    `name` carries the unit: `_bps`, `_bytes`, `_s`, `_ratio`, `_total` for a
    counter.  `labels` are sorted pairs such as device, interface, link, site.
    """

    name: str
    labels: tuple[tuple[str, str], ...] = ()

    def label(self, key: str) -> str | None:
        """Return a label's value, None without it."""
        return dict(self.labels).get(key)

    @property
    def is_well_named(self) -> bool:
        """Tell whether both kinds of store can keep it under this name.

        Words are `[a-z][a-z0-9_]*`; values are text of 1 to 400 bytes without
        control characters; keys are sorted and stand once.
        """
        keys = [key for key, _ in self.labels]
        return (
            _WORD.fullmatch(self.name) is not None
            and all(_WORD.fullmatch(key) for key in keys)
            and keys == sorted(set(keys))
            and all(_is_text(value) for _, value in self.labels)
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """One number at one moment; what is unknown is no sample.

    `at` is aware and counts in whole milliseconds, what is finer is cut off;
    `value` is a 64-bit float, exact for whole numbers up to 2**53.
    """

    series: Series
    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Selector:
    """Which series are meant: those with this name and all these labels; `select` makes one."""

    name: str | None = None
    labels: tuple[tuple[str, str], ...] = ()

    def matches(self, series: Series) -> bool:
        """Tell whether a series is meant."""
        return self.name in (None, series.name) and set(self.labels) <= set(series.labels)


class Point(NamedTuple):
    """What a window shows of one step; of a single sample all three values are the same.

    `at` is the sample's own time, or the beginning of the step; `samples` says
    how many there were.  A tuple, because windows have thousands and a frozen
    dataclass takes thrice as long.
    """

    at: datetime
    minimum: float
    mean: float
    maximum: float
    samples: int

    @property
    def value(self) -> float:
        """The value of a single sample, the mean of a step."""
        return self.mean


class Refusal(StrEnum):
    """Why a sample was not kept."""

    BAD_NAME = "bad_name"
    NOT_A_NUMBER = "not_a_number"
    FUTURE = "future"
    TOO_OLD = "too_old"
    DUPLICATE = "duplicate"
    SERVER = "server"


def series_of(name: str, **labels: str | None) -> Series:
    """Return a series; labels that are None are left out."""
    return Series(name, _pairs(labels.items()))


def select(name: str | None = None, **labels: str) -> Selector:
    """Return a selector; without name and labels it means every series."""
    return Selector(name, _pairs(labels.items()))


def milliseconds(at: datetime) -> int:
    """Return whole milliseconds since 1970; the fraction is cut off."""
    return (at - EPOCH) // MILLISECOND


def moment(at_ms: int) -> datetime:
    """Return the aware UTC time of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=at_ms)


def step_of(step: timedelta) -> int:
    """Return a step in milliseconds; ValueError unless it is whole seconds, at least one."""
    step_ms = step // MILLISECOND
    if step_ms < 1000 or step % timedelta(seconds=1):  # noqa: PLR2004
        raise ValueError(f"{step} is no step of whole seconds")
    return step_ms


def _pairs(items: Iterable[tuple[str, str | None]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(_given(items)))


def _given(items: Iterable[tuple[str, str | None]]) -> Iterator[tuple[str, str]]:
    for key, value in items:
        if value is not None:
            yield key, value


def _is_text(value: str) -> bool:
    if not value or not value.isprintable():
        return False
    try:
        return len(value.encode()) <= LONGEST_LABEL
    except UnicodeEncodeError:  # half a surrogate pair
        return False
