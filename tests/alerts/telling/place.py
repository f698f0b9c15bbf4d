# SPDX-License-Identifier: MIT
"""A small province with receivers, alerts of our own, and a clock that tests move."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from alerts.telling.worker import Notifying
from tests.clock import Clock
from tinhnet.alerting.life import Event, Habits, fingerprint, step
from tinhnet.config import load_config
from tinhnet.context import Context, open_context
from tinhnet.model.alert import Alert, AlertRecord, Notice
from tinhnet.receivers import Receiver
from tinhnet.store import alerts
from tinhnet.worker import Identity

ROOT = Path(__file__).parents[3]
SMALL = ROOT / "tests/cases/inventory-small"
START = datetime(2026, 11, 28, 11, 30, tzinfo=UTC)
LIMIT_S = 30.0


def record(
    thing: str = "link:dien-ban-1",
    *,
    severity: str = "high",
    site: str | None = "dien-ban",
    **more: object,
) -> AlertRecord:
    """Return an alert that never happened yet."""
    labels = {"thing": thing}
    alert = Alert(fingerprint("circuit-down", labels), "circuit-down", thing, severity, START)
    kind, _, id_ = thing.partition(":")
    return AlertRecord(
        alert=alert,
        title_vi="Kênh truyền đứt",
        title_en="Circuit down",
        sentence_vi=f"{id_} không còn trả lời",
        sentence_en=f"{id_} does not answer any more",
        labels=labels,
        device=id_ if kind == "device" else None,
        link=id_ if kind == "link" else None,
        site=site,
        **more,  # type: ignore[arg-type]  # fields of the record, as tests name them
    )


def happen(before: AlertRecord, *events: Event) -> tuple[AlertRecord, tuple[Notice, ...]]:
    """Let events happen to an alert; what people must be told."""
    told: list[Notice] = []
    alert = before.alert
    for event in events:
        alert, notices = step(alert, event, Habits())
        told += notices
    return replace(before, alert=alert), tuple(told)


def receiver(name: str, **more: object) -> Receiver:
    """Return a receiver of level 1 that wants everything."""
    fields: dict[str, object] = {
        "notifier": "webhook",
        "level": 1,
        "person": None,
        "language": None,
        "least": "info",
    }
    return Receiver(name=name, **(fields | more))  # type: ignore[arg-type]  # as tests name them


@dataclass
class Hook:
    """A web server that takes messages; `status` is what it answers, `taken` what it got."""

    status: int = 200
    delay_s: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    url: str = ""


@contextmanager
def listening(hook: Hook) -> Iterator[Hook]:
    """Run a web server for a webhook."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            octets = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            hook.taken.append((self.path, self.headers.get("Idempotency-Key", "")))
            hook.bodies.append(octets)
            if hook.delay_s:
                threading.Event().wait(hook.delay_s)
            self.send_response(hook.status)
            for name, value in hook.headers.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST  # noqa: N815 the name that http.server calls

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    hook.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write_receiver(root: Path, name: str, text: str) -> None:
    """Write a receiver's file."""
    (root / "notify.d").mkdir(exist_ok=True)
    (root / "notify.d" / f"{name}.toml").write_text("format = 1\n" + text, encoding="utf-8")


def webhook(root: Path, name: str, url: str, head: str = "") -> None:
    """Write a receiver that is a webhook."""
    text = f'notifier = "webhook"\n{head}\n[settings]\nurl = "{url}/{name}"\n'
    write_receiver(root, name, text)


def settings(root: Path, **more: str) -> dict[str, str]:
    """Return the environment of a product whose state is below `root`."""
    return {
        "TINHNET_STATE": str(root / "var"),
        "TINHNET__INVENTORY": str(SMALL),
        "TINHNET__NOTIFY__RECEIVERS": str(root / "notify.d"),
        "TINHNET__WEB__PUBLIC_URL": "https://noc.test",
        "TINHNET__SUPERVISOR__WORKERS": "change,web",
        **more,
    }


@contextmanager
def opened(root: Path, clock: Clock, **more: str) -> Iterator[Context]:
    """Open a state with its receivers."""
    (root / "notify.d").mkdir(exist_ok=True)
    context = open_context(load_config(settings(root, **more), root), clock)
    try:
        yield context
    finally:
        context.store.close()


def put(context: Context, *happened: tuple[AlertRecord, Sequence[Notice]]) -> None:
    """Write alerts and their notices as the alert worker does: in one transaction."""
    with context.store.writing() as connection:
        for found, notices in happened:
            alerts.put_alerts(connection, [found])
            alerts.add_notices(connection, notices)


@contextmanager
def working(context: Context) -> Iterator[Notifying]:
    """Return the worker, ended in the end."""
    worker = Notifying(context, Identity("notify", "here", 1, START))
    try:
        yield worker
    finally:
        worker.close(context)


def run(worker: Notifying, context: Context, clock: Clock, seconds: float = 0.0) -> None:
    """Let the worker work until it waits, let time pass, and let it work again."""
    _until_idle(worker, context)
    if seconds:
        clock.pass_by(seconds)
        _until_idle(worker, context)


def _until_idle(worker: Notifying, context: Context) -> None:
    ends = time.monotonic() + LIMIT_S
    worker.step(context)
    while worker.is_busy:
        assert time.monotonic() < ends, "the worker never came to rest"
        threading.Event().wait(0.005)
        worker.step(context)
    worker.step(context)
