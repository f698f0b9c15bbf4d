# SPDX-License-Identifier: MIT
"""A webhook is POSTed to a real HTTP server, which answers as servers do."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from alerts.message import Delivery, Fate, Message, settings_of
from alerts.notifiers.webhook import NOTIFIER
from tests.conftest import free_port

pytestmark = pytest.mark.patient

AT = datetime(2026, 11, 28, 18, 30, tzinfo=UTC)


@dataclass
class Seen:
    """How a server answers, and what it was told."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def serving(seen: Seen) -> Iterator[str]:
    """Run a server; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            octets = self.rfile.read(int(self.headers["Content-Length"]))
            seen.requests.append((self.path, dict(self.headers), octets))
            self.send_response(seen.status)
            for name, value in seen.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"because")

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook?team=noc"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def send(url: str, **given: str) -> Delivery:
    """Try to deliver one message."""
    message = Message("link/điện", 3, AT, "Mất tín hiệu", "văn bản", {"sites": ["dien-ban"]})
    whole, faults = settings_of(NOTIFIER, {"url": url, **given})
    assert faults == []
    return NOTIFIER.deliver(message, whole)


def test_the_receiver_gets_everything_and_can_prove_who_sent_it() -> None:
    """JSON with the facts, a key that tells a repeat, a signature over the very octets."""
    seen = Seen()
    with serving(seen) as url:
        done = send(url, secret="shared")  # noqa: S106 a test's own

    assert done.fate is Fate.DELIVERED
    path, headers, octets = seen.requests[0]
    assert path == "/hook?team=noc"
    assert json.loads(octets) == {
        "key": "link/điện",
        "number": 3,
        "at": "2026-11-28T18:30:00+00:00",
        "subject": "Mất tín hiệu",
        "text": "văn bản",
        "facts": {"sites": ["dien-ban"]},
    }
    assert headers["Idempotency-Key"] == "link/%C4%91i%E1%BB%87n/3"
    digest = hmac.new(b"shared", octets, hashlib.sha256).hexdigest()
    assert headers["X-Tinhnet-Signature"] == f"sha256={digest}"


@pytest.mark.parametrize(
    ("status", "headers", "fate", "wait_s"),
    [
        (204, {}, Fate.DELIVERED, None),
        (302, {"Location": "http://192.0.2.1/"}, Fate.REFUSED, None),
        (400, {}, Fate.REFUSED, None),
        (404, {}, Fate.REFUSED, None),
        (429, {"Retry-After": "17"}, Fate.RETRY, 17.0),
        (429, {"Retry-After": "99999999"}, Fate.RETRY, 3600.0),
        (503, {"Retry-After": "Sat, 28 Nov 2026 19:00:00 GMT"}, Fate.RETRY, None),
        (500, {}, Fate.RETRY, None),
    ],
)
def test_the_answer_decides_whether_it_is_tried_again(
    status: int, headers: dict[str, str], fate: Fate, wait_s: float | None
) -> None:
    """A server that is busy says so; one that does not want it is not asked twice."""
    with serving(Seen(status, headers)) as url:
        done = send(url)

    assert (done.fate, done.wait_s) == (fate, wait_s)
    assert str(status) in done.detail


def test_a_receiver_that_is_not_there_is_tried_again() -> None:
    """Nobody listens."""
    done = send(f"http://127.0.0.1:{free_port()}/")

    assert done.fate is Fate.RETRY
    assert "127.0.0.1 does not answer" in done.detail


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "portal", "http://", "http://127.0.0.1:x/"])
def test_what_is_no_url_is_refused(url: str) -> None:
    """A typing error in the settings is said, not tried for ever."""
    done = send(url)

    assert done.fate is Fate.REFUSED
