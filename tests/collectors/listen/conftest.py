# SPDX-License-Identifier: MIT
"""A collector that agents report to, in a thread of its own."""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import pytest

from collectors.agent.report import Where
from collectors.listen.agents import Agent, Agents, Told
from tests.collectors.listen.post import Post, post_in
from tests.conftest import free_port
from tinhnet.pki import Distribution, Pki
from tinhnet.secrets import SecretStore

LOCAL = "127.0.0.1"
TOKEN = "a token of the test, long enough"  # noqa: S105 a test's own
WAIT_S = 60.0


@dataclass
class Collector:
    """A listener in a thread of its own, which can be stopped and started on the same port."""

    tls: ssl.SSLContext
    authority: str
    port: int = 0
    rows: list[list[str | float | None]] = field(default_factory=list)
    messages: list[tuple[Agent, Told]] = field(default_factory=list)
    refused: Callable[[], int] = lambda: 0
    look: Callable[[str, list[str]], bool] = lambda *_: False
    is_full: bool = False

    def take(self, agent: Agent, told: Told) -> None:
        """Keep what was told, unless the disk is full."""
        if self.is_full:
            raise OSError(28, "No space left on device")
        self.messages.append((agent, told))
        self.rows += told.rows

    @contextmanager
    def running(self, tokens: Mapping[str, str] | None = None) -> Iterator[None]:
        """Listen while the block runs."""
        known = {"core1": TOKEN} if tokens is None else tokens
        loop = asyncio.new_event_loop()
        agents = Agents(self.take, lambda: known)
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            opened = asyncio.run_coroutine_threadsafe(agents.open(LOCAL, self.port, self.tls), loop)
            opened.result(WAIT_S)
            self.port = agents.port
            self.refused = lambda: agents.refused

            async def look(agent: str, names: list[str]) -> bool:
                return agents.look(agent, names)

            self.look = lambda agent, names: asyncio.run_coroutine_threadsafe(
                look(agent, names), loop
            ).result(WAIT_S)
            yield
        finally:
            asyncio.run_coroutine_threadsafe(agents.close(), loop).result(WAIT_S)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(WAIT_S)
            loop.close()

    @property
    def where(self) -> Where:
        """How an agent gets here."""
        return Where(LOCAL, self.port, LOCAL, self.authority)


@pytest.fixture
def collector(tmp_path: Path) -> Collector:
    """Return a collector with a certificate of its own authority."""
    where = Distribution("http://pki.test/ocsp", "http://pki.test/crl")
    pki = Pki(tmp_path, SecretStore(tmp_path / "secrets"), where, "Tỉnh")
    issued = pki.server("collector", ["collector"], [ip_address(LOCAL)])
    both = tmp_path / "collector.pem"
    both.write_text(issued.certificate_pem + issued.key.value, encoding="ascii")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(both)
    return Collector(tls, pki.authority(), port=free_port())


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, at most WAIT_S."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true"
        time.sleep(0.02)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """Return a listen worker over the declared province."""
    with post_in(tmp_path) as running:
        yield running
