# SPDX-License-Identifier: MIT
"""A Prometheus over HTTP: remote write and PromQL, one connection a request.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TypedDict, TypeVar
from urllib.parse import urlencode, urlsplit

from tinhnet.errors import message_id
from tinhnet.store.series.errors import SeriesError, SeriesUnreachableError
from tinhnet.store.series.sample import Selector, Series
from tinhnet.store.series.wire import HEADERS, snappy

WRITE = "/api/v1/write"
TIMEOUT_S = 10.0
READS = 6
EXPECTED = "expected http://HOST:9090 or http://USER@HOST:9090"
_NAME = "__name__"
_OK = 200

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    text: str

    @property
    def is_accepted(self) -> bool:
        """Tell whether it did what it was asked."""
        return self.status // 100 == 2  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an answer: its labels, the name among them, and times in ms with values."""

    labels: dict[str, str]
    values: list[tuple[int, float]]

    @property
    def series(self) -> Series:
        """Return the series it tells of."""
        labels = sorted((key, value) for key, value in self.labels.items() if key != _NAME)
        return Series(self.labels.get(_NAME, ""), tuple(labels))


class _Line(TypedDict):
    """A line of an answer as it comes."""

    metric: dict[str, str]
    values: list[tuple[float, str]]


class Client:
    """A server by URL (`http://user@host:9090/path`); the password is told apart."""

    def __init__(self, url: str, password: str | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        try:
            parts = urlsplit(url)
            self._port = parts.port
        except ValueError as error:
            raise SeriesError("series.url is no URL", EXPECTED) from error
        if not parts.hostname:
            raise SeriesError("series.url names no host", EXPECTED)
        if parts.password:
            raise SeriesError("series.url holds a password", "series.password_secret names one")
        self._connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host = parts.hostname
        self._path = parts.path.rstrip("/")
        port = f":{self._port}" if self._port else ""
        self.where = f"{parts.scheme}://{self._host}{port}{self._path}"
        self._login: dict[str, str] = {}
        if parts.username:
            pair = f"{parts.username}:{password or ''}".encode()
            self._login = {"Authorization": f"Basic {b64encode(pair).decode()}"}

    def write(self, body: bytes) -> Answer:
        """Send a WriteRequest; SeriesUnreachableError when there is no answer."""
        return self._send(WRITE, snappy(body), HEADERS)

    def query(self, expression: str, at_ms: int) -> list[Row]:
        """Return what a range selector holds at a moment, as Prometheus has it on its disk."""
        return self._rows("/api/v1/query", {"query": expression, "time": _seconds(at_ms)})

    def query_range(self, expression: str, start_ms: int, end_ms: int, step_ms: int) -> list[Row]:
        """Return what an expression was at each step from start to end."""
        asked = {
            "query": expression,
            "start": _seconds(start_ms),
            "end": _seconds(end_ms),
            "step": _seconds(step_ms),
        }
        return self._rows("/api/v1/query_range", asked)

    def _rows(self, path: str, asked: dict[str, str]) -> list[Row]:
        body = urlencode(asked, errors="replace").encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._send(path, body, headers)
        if answer.status != _OK:
            raise SeriesUnreachableError(
                message_id("%(where)s: the server of samples says %(status)s: %(said)s"),
                message_id("check series.url and the secret named by series.password_secret"),
                where=self.where,
                status=answer.status,
                said=answer.text.strip()[:200],
            )
        try:
            lines: list[_Line] = json.loads(answer.text)["data"]["result"]
            return [
                Row(
                    line["metric"],
                    [(round(float(at) * 1000), float(value)) for at, value in line["values"]],
                )
                for line in lines
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise SeriesUnreachableError(
                message_id("%(where)s: what answers is no Prometheus (%(said)s)"),
                message_id("check series.url"),
                where=self.where,
                said=answer.text.strip()[:80],
            ) from error

    def _send(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        connection = self._connect(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.request("POST", self._path + path, body, headers | self._login)
            response = connection.getresponse()
            return Answer(response.status, response.read().decode(errors="replace"))
        except (OSError, HTTPException) as error:
            raise SeriesUnreachableError(
                message_id("%(where)s: the server of samples does not answer (%(said)s)"),
                message_id("is it running, and is series.url right?"),
                where=self.where,
                said=str(error) or type(error).__name__,
            ) from error
        finally:
            connection.close()


def steady(read: Callable[[], Read]) -> Read:
    """Return what two readings in a row agree on, the last of six when they never do.

    Prometheus 2.42 gives torn answers, without an error, while it moves
    samples from its head to a block.
    """
    before = read()
    for _ in range(READS - 1):
        again = read()
        if again == before:
            return again
        before = again
    return before


def matchers(selector: Selector) -> str:
    """Return a selector in PromQL."""
    pairs = ((_NAME, selector.name), *selector.labels)
    held = [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in pairs if value]
    return "{" + (",".join(held) or f'{_NAME}=~".+"') + "}"


def matchers_of_names(names: Iterable[str]) -> str:
    """Return what means every series of some well-formed names."""
    return "{" + f'{_NAME}=~"{"|".join(sorted(names))}"' + "}"


def _seconds(at_ms: int) -> str:
    return f"{at_ms // 1000}.{at_ms % 1000:03}"
