# SPDX-License-Identifier: MIT
"""Devices are polled by SNMPv3 over real sockets: those that answer, are dead, or are slow."""

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from collectors.parts.polling import Polling
from collectors.snmp.session import Target
from tests.collectors.agent import AUTH, PRIV, Snmpd
from tests.collectors.heard import WAIT_S, Heard, until, working
from tests.collectors.polling.declared import router
from tinhnet.config import load_config
from tinhnet.context import Context, open_context
from tinhnet.snmp_identity import secret_names

pytestmark = pytest.mark.patient

LOCAL = "127.0.0.1"
LATE_S = 1.0
NEW_AUTH, NEW_PRIV = "another authentication passphrase", "another privacy passphrase"
USERS = f"""createUser tinhnet1 SHA-256 "{AUTH}" AES "{PRIV}"
rouser tinhnet1 priv
createUser tinhnet2 SHA-256 "{NEW_AUTH}" AES "{NEW_PRIV}"
rouser tinhnet2 priv"""
BRIEF = f"""createUser tinhnet1 SHA-256 "{AUTH}" AES "{PRIV}"
view brief included .1.3.6.1.2.1.1
view brief included .1.3.6.1.2.1.25.1
rouser tinhnet1 priv -V brief"""
"""An agent that plays hundreds of devices must not be what the test waits for."""


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    """Return an snmpd that knows the product's users, as changes renders them."""
    agent = Snmpd(tmp_path_factory.mktemp("core"), more=USERS)
    agent.start()
    yield agent
    agent.stop()


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Snmpd]:
    """Return an snmpd of few words, which stands for many devices."""
    agent = Snmpd(tmp_path / "fleet", more=BRIEF)
    agent.folder.mkdir()
    agent.start()
    yield agent
    agent.stop()


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    """Return an open state."""
    opened = open_context(load_config({"TINHNET_STATE": str(tmp_path / "var")}, tmp_path))
    yield opened
    opened.store.close()


def give_user(context: Context, device: str) -> None:
    """Give a device the product's first user."""
    auth, priv = secret_names(device)
    context.secrets.ensure(auth, lambda: AUTH)
    context.secrets.ensure(priv, lambda: PRIV)


def polling(
    context: Context, sink: Heard, ports: Mapping[str, int], period_s: float = 30.0
) -> Polling:
    """Return the part that polls these ports of the loopback."""
    targets = {name: Target(LOCAL, port) for name, port in ports.items()}
    return Polling(context, [router(name) for name in ports], sink, targets, period_s)


class _Slow(asyncio.DatagramProtocol):
    """Stands before an agent and hands each of its answers on some seconds later."""

    def __init__(self, port: int, seconds: float) -> None:
        self._agent = (LOCAL, port)
        self._seconds = seconds
        self._client: tuple[str, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        self._transport = cast("asyncio.DatagramTransport", transport)  # not by class in 3.11

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Pass a question on at once, an answer late."""
        assert self._transport is not None
        if addr != self._agent:
            self._client = addr
            self._transport.sendto(data, self._agent)
            return
        later = asyncio.get_running_loop().call_later
        later(self._seconds, self._transport.sendto, data, self._client)


async def _close(transport: asyncio.BaseTransport) -> None:
    """Close a transport, which takes one more turn of its loop."""
    transport.close()
    await asyncio.sleep(0)


@contextmanager
def slowed(port: int, seconds: float) -> Iterator[int]:
    """Put a slow way before an agent while the block runs; yield its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        opening = loop.create_datagram_endpoint(lambda: _Slow(port, seconds), local_addr=(LOCAL, 0))
        transport, _ = asyncio.run_coroutine_threadsafe(opening, loop).result(WAIT_S)
        yield int(transport.get_extra_info("sockname")[1])
        asyncio.run_coroutine_threadsafe(_close(transport), loop).result(WAIT_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WAIT_S)
        loop.close()


@contextmanager
def dead() -> Iterator[int]:
    """Yield a port whose owner never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((LOCAL, 0))
        yield int(silent.getsockname()[1])


def least(sink: Heard, devices: Iterable[str]) -> int:
    """Return how often the one of these devices was polled that was polled least."""
    polled = Counter(one.series.label("device") for one in sink.of("device_uptime_s"))
    return min(polled[one] for one in devices)


def test_a_device_is_polled_and_gives_its_samples(context: Context, core: Snmpd) -> None:
    """With the user and the secrets the product itself made, authenticated and encrypted."""
    sink = Heard()
    give_user(context, "core1")

    with working(polling(context, sink, {"core1": core.port}, 1.0)):
        until(lambda: len(sink.of("interface_in_bps", device="core1")) > 1, "rates came")

    for name in ("device_uptime_s", "memory_used_ratio", "interface_up", "interface_out_bps"):
        assert sink.of(name, device="core1"), name
    ages = [abs((datetime.now(UTC) - one.at).total_seconds()) for one in sink.found]
    assert max(ages) < WAIT_S
    assert all(one.series.is_well_named for one in sink.found)
    assert all(one.value >= 0 for one in sink.found)


@pytest.mark.slow
def test_dead_and_slow_devices_delay_no_other(context: Context, fleet: Snmpd) -> None:
    """Fifty dead and three that take five seconds to each answer, of 500 devices.

    A round of everybody else stays within a second of its place; the slow
    ones are polled, too.
    """
    sink, period_s, count = Heard(), 20.0, 500
    names = [f"d{number:03}" for number in range(count)]
    for name in names:
        give_user(context, name)
    with ExitStack() as stack:
        silence = stack.enter_context(dead())
        ways = [stack.enter_context(slowed(fleet.port, 5.0)) for _ in range(3)]
        ports = dict.fromkeys(names, fleet.port)
        ports |= dict.fromkeys(names[5::10], silence)
        slow = names[7::167]
        ports |= dict(zip(slow, ways, strict=True))
        stack.enter_context(working(polling(context, sink, ports, period_s)))
        began = datetime.now(UTC)
        well = {name for name in names if ports[name] == fleet.port}
        until(lambda: least(sink, well) > 1, "the second round ended", look_s=1.0)
        until(lambda: least(sink, slow) > 0, "the slow ones were polled", look_s=1.0)

    late: list[float] = []
    for number, name in enumerate(names):
        if name not in well:
            continue
        first, second, *_ = (one.at for one in sink.of("device_uptime_s", device=name))
        due_s = period_s * number / count
        late += [(first - began).total_seconds() - due_s]
        late += [(second - began).total_seconds() - due_s - period_s]
    assert len(late) == 2 * (count - 50 - 3)
    assert max(late) <= LATE_S
    assert not [one for name in names[5::10] for one in sink.of("device_uptime_s", device=name)]


def test_a_device_without_a_user_is_told_and_polled_once_it_has_one(
    context: Context, core: Snmpd
) -> None:
    """The worker runs before `wan.yml` gave anybody a user; nobody restarts it afterwards."""
    sink = Heard()
    give_user(context, "core1")

    with working(polling(context, sink, {"core1": core.port, "core2": core.port}, 0.5)):
        until(lambda: len(sink.of("device_uptime_s", device="core1")) > 2, "core1 was polled")
        assert not sink.of("device_uptime_s", device="core2")
        give_user(context, "core2")
        until(lambda: sink.of("device_uptime_s", device="core2"), "core2 was polled")


def test_rotated_keys_are_used_from_the_next_poll(context: Context, core: Snmpd) -> None:
    """A rotation must not blind the NOC until somebody restarts a worker."""
    sink = Heard()
    give_user(context, "core1")

    with working(polling(context, sink, {"core1": core.port}, 0.3)):
        until(lambda: sink.of("device_uptime_s"), "it was polled with the first keys")
        for name, value in zip(secret_names("core1"), (NEW_AUTH, NEW_PRIV), strict=True):
            context.secrets.stage(name, lambda value=value: value)  # type: ignore[misc]  # bound now
            context.secrets.promote(name)
        rotated = datetime.now(UTC)
        until(
            lambda: [one for one in sink.of("device_uptime_s") if one.at > rotated],
            "it was polled with the second keys",
        )


def test_a_device_that_comes_back_is_polled_soon(context: Context, tmp_path: Path) -> None:
    """With another count of boots: the old conversation is of no use to it."""
    sink = Heard()
    give_user(context, "core1")
    agent = Snmpd(tmp_path / "agent", more=USERS)
    agent.folder.mkdir()
    agent.start()

    try:
        with working(polling(context, sink, {"core1": agent.port}, 1.0)):
            until(lambda: sink.of("device_uptime_s"), "it was polled")
            agent.stop()
            time.sleep(1)
            agent.start()
            back = datetime.now(UTC)
            until(
                lambda: [one for one in sink.of("device_uptime_s") if one.at > back],
                "it was polled again",
            )
    finally:
        agent.stop()


def test_a_wish_is_for_devices_that_are_polled(context: Context, core: Snmpd) -> None:
    """`device:core1` is ours to ask, a link is not."""
    sink = Heard()
    for name in ("core1", "core2"):
        give_user(context, name)
    part = polling(context, sink, {"core1": core.port, "core2": core.port}, 600.0)

    with working(part):
        until(lambda: sink.of("device_uptime_s", device="core1"), "core1 was polled")
        wished = part.look(["device:core2", "link:core2", "device:pc1", "core2"])
        until(lambda: sink.of("device_uptime_s", device="core2"), "core2 was polled")

    assert wished == ["device:core2"]
