# SPDX-License-Identifier: MIT
"""The dead-man's switch: somebody outside hears from us only while the whole chain is alive."""

import http.client
import ssl
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from alerts.telling.record import product_event
from tinhnet import sentences
from tinhnet.context import Context
from tinhnet.model.event import Event, Severity
from tinhnet.store.heartbeats import Heartbeat, list_heartbeats

PATIENCE_S = 10.0
MISSED = 3
"""Signs of life that a worker may miss."""
OK = range(200, 300)


class Outside:
    """The dead-man's switch; an event when it begins to fail and when it is well again."""

    def __init__(self) -> None:
        self.next_at: datetime | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="outside")
        self._asked: Future[str] | None = None
        self._fault = ""

    @property
    def is_busy(self) -> bool:
        """Tell whether the outside URL is being asked."""
        return self._asked is not None

    def step(self, context: Context, now: datetime) -> list[Event]:
        """Tell the outside that we live, when it is time and all that is needed lives."""
        habits = context.config.notify
        if not habits.heartbeat_url:
            return []
        if self._asked is not None:
            if not self._asked.done():
                return []
            error = self._asked.exception()
            fault = repr(error) if error else self._asked.result()
            self._asked = None
            said = sentences.OUTSIDE_FAILED % {"why": fault} if fault else ""
            return self._changed(said, "heartbeat_failed", now)
        if self.next_at is not None and now < self.next_at:
            return []
        self.next_at = now + timedelta(seconds=habits.heartbeat_s)
        with context.store.reading() as connection:
            missing = silent(list_heartbeats(connection), habits.heartbeat_needs, now)
        if missing:
            said = sentences.OUTSIDE_WITHHELD % {"workers": ", ".join(missing)}
            return self._changed(said, "heartbeat_withheld", now)
        self._asked = self._pool.submit(knock, habits.heartbeat_url, habits.heartbeat_method)
        return []

    def close(self) -> None:
        """Let go of the thread."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _changed(self, fault: str, kind: str, now: datetime) -> list[Event]:
        """Return an event when it goes wrong for another reason than before, or well again."""
        before, self._fault = self._fault, fault
        if bool(fault) == bool(before):
            return []
        if not fault:
            text = sentences.OUTSIDE_HEARS
            return [product_event("heartbeat_heard", text, now, severity=Severity.INFO)]
        return [product_event(kind, fault, now)]


def silent(beats: Iterable[Heartbeat], needed: Iterable[str], now: datetime) -> tuple[str, ...]:
    """Return the needed workers that give no sign of life."""
    alive = {
        one.worker
        for one in beats
        if (now - one.at).total_seconds() < MISSED * max(one.interval_s, 1)
    }
    return tuple(name for name in needed if name not in alive)


def knock(url: str, method: str) -> str:
    """Ask the outside URL once; return what was wrong, nothing when it heard us."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        if parts.scheme == "https":
            trust = ssl.create_default_context()
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, parts.port, timeout=PATIENCE_S, context=trust
            )
        else:
            connection = http.client.HTTPConnection(host, parts.port, timeout=PATIENCE_S)
    except ValueError as error:
        return f"{host}: {error}"
    try:
        connection.request(method, path, headers={"User-Agent": "tinhnet"})
        answer = connection.getresponse()
        answer.read(2000)
    except (OSError, http.client.HTTPException) as error:
        return sentences.SILENT_AT % {"where": host, "why": error}
    finally:
        connection.close()
    if answer.status in OK:
        return ""
    return sentences.ANSWERS_AT % {"where": host, "status": f"{answer.status} {answer.reason}"}
