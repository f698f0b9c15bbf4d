# SPDX-License-Identifier: MIT
"""Services are checked from the data centre against real servers: true, in time, told once sure."""

import socket
import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from collectors.agent.check import Check, examine
from collectors.parts.checks import Checking
from tests.collectors.checks.servers import LOCAL, answering, clock, names, portal, silent
from tests.collectors.heard import Heard, until, working
from tests.conftest import free_port
from tinhnet.model.observation import State

pytestmark = pytest.mark.patient

LATE_S = 1.0
DAY_S = 86400


def checking(sink: Heard, *checks: Check, period_s: float = 0.5) -> Checking:
    """Return the part that makes these checks."""
    return Checking(lambda: checks, {one.service: "srv1" for one in checks}, sink, period_s)


def test_a_service_that_works_is_up_with_its_samples(tmp_path: Path) -> None:
    """Seen from the data centre, and how long its certificate still holds."""
    sink = Heard()

    with (
        portal(tmp_path, timedelta(days=5)) as check,
        working(checking(sink, check)),
    ):
        until(lambda: len(sink.states("service:portal")) > 1, "it was checked twice")

    labels = {"service": "portal", "from": "datacentre"}
    assert {one.state for one in sink.states("service:portal")} == {State.UP}
    assert {one.value for one in sink.of("service_up", **labels)} == {1.0}
    assert all(0 < one.value < 5 for one in sink.of("service_duration_s", **labels))
    left = [one.value for one in sink.of("certificate_expires_s", **labels)]
    assert left
    assert all(5 * DAY_S - 600 < one < 5 * DAY_S + 600 for one in left)


def test_an_expired_certificate_is_an_outage_that_says_so(tmp_path: Path) -> None:
    """Every browser refuses it; the server runs and is of no use."""
    sink = Heard()

    with (
        portal(tmp_path, timedelta(days=-1)) as check,
        working(checking(sink, check)),
    ):
        until(lambda: sink.states("service:portal"), "it was judged")

    assert sink.states("service:portal")[0].state is State.DOWN
    assert sink.states("service:portal")[0].why == "bad certificate: certificate has expired"


def test_names_and_time_are_asked_in_their_own_protocols() -> None:
    """A time server also says how far it is from our clock, without a sign."""
    sink = Heard()

    with (
        answering(names("10.90.10.11")) as dns,
        answering(clock(-3.0)) as ntp,
        working(
            checking(
                sink,
                Check("dns1", "dns", LOCAL, dns, "portal.quangnam.test", expect="10.90.10.11"),
                Check("ntp1", "ntp", LOCAL, ntp),
            )
        ),
    ):
        until(lambda: sink.of("clock_offset_s"), "the clock was measured")
        until(lambda: sink.states("service:dns1"), "the name was asked")

    assert sink.states("service:dns1")[0].state is State.UP
    assert sink.states("service:ntp1")[0].state is State.UP
    offset = sink.of("clock_offset_s", device="srv1")[0]
    assert offset.value == pytest.approx(3.0, abs=0.5)


def test_one_failure_is_no_outage_and_two_are() -> None:
    """The second comes a second later; samples tell of both."""
    sink = Heard()
    part = checking(sink, Check("gone", "tcp", LOCAL, free_port()), period_s=60.0)

    with working(part):
        until(lambda: sink.states("service:gone"), "it was judged")

    first, second = (one.at for one in sink.of("service_up", service="gone"))
    assert 1.0 <= (second - first).total_seconds() < 1.0 + LATE_S
    assert [one.value for one in sink.of("service_up")] == [0.0, 0.0]
    assert [(one.state, one.why) for one in sink.states("service:gone")] == [
        (State.DOWN, "Connection refused")
    ]
    assert not sink.of("service_duration_s")


def test_a_service_that_comes_back_is_up_at_its_next_check() -> None:
    """One success is enough: it was served."""
    sink = Heard()
    port = free_port()

    with working(checking(sink, Check("back", "tcp", LOCAL, port), period_s=0.2)):
        until(lambda: sink.states("service:back"), "it was down")
        with socket.create_server((LOCAL, port)):
            until(lambda: sink.states("service:back")[-1].state is State.UP, "it came back")

    assert sink.states("service:back")[0].state is State.DOWN


@pytest.mark.slow
def test_servers_that_hang_delay_no_other_check(tmp_path: Path) -> None:
    """Forty that accept and say nothing for five seconds, beside one that answers."""
    sink = Heard()

    with ExitStack() as stack:
        well = stack.enter_context(portal(tmp_path, timedelta(days=30)))
        port = stack.enter_context(silent())
        hanging = [well._replace(service=f"s{number}", port=port) for number in range(40)]
        stack.enter_context(working(checking(sink, *hanging, well, period_s=2.0)))
        until(lambda: len(sink.of("service_up", service="portal")) > 5, "six checks were made")
        until(lambda: len(sink.of("service_up", service="s0")) > 0, "one that hangs was told")

    times = [one.at for one in sink.of("service_up", service="portal")]
    for before, after in pairwise(times):
        assert (after - before).total_seconds() <= 2.0 + LATE_S
    assert {one.value for one in sink.of("service_up", service="portal")} == {1.0}
    assert {one.value for one in sink.of("service_up", service="s0")} == {0.0}


def test_a_check_ends_after_five_seconds_however_steadily_it_drips() -> None:
    """A byte a second would renew a socket's patience for ever and hold a thread with it."""
    ended = threading.Event()
    with socket.create_server((LOCAL, 0)) as server:

        def drip() -> None:
            channel, _ = server.accept()
            with channel:
                while not ended.wait(0.2):
                    try:
                        # Pieces of one TLS record of 16 KiB that never becomes whole.
                        channel.sendall(b"\x16" if not sent else b"\x03\x03\x40\0"[:4])
                    except OSError:
                        return
                    sent.append(1)

        sent: list[int] = []
        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        found = examine(Check("drip", "https", LOCAL, server.getsockname()[1], "x.test"))
        taken = time.monotonic() - began
        ended.set()
        thread.join(60)

    assert taken < 5 + LATE_S
    assert (found.is_ok, found.why) == (False, ("no_answer", "5"))


def test_a_wish_is_checked_at_once(tmp_path: Path) -> None:
    """And only for services that are checked here."""
    sink = Heard()

    with (
        portal(tmp_path, timedelta(days=30)) as check,
        silent() as port,
    ):
        later = check._replace(service="later")
        hangs = check._replace(service="hangs", port=port)
        part = checking(sink, check, hangs, later, period_s=600.0)
        with working(part):
            until(lambda: sink.states("service:portal"), "the first was checked")
            wished = time.monotonic()
            granted = part.look(["service:later", "device:later", "later", "service:stranger"])
            until(lambda: sink.states("service:later"), "the wish was granted")
            seen = next(at for at, thing, _ in sink.seen if thing == "service:later")

    assert granted == ["service:later"]
    assert seen - wished < LATE_S + 1.0


def test_a_wish_during_a_check_means_the_time_after_it() -> None:
    """What was under way may have seen what was before; a cause is proven by what came after."""
    sink = Heard()
    asked: list[bytes] = []

    def refuse_slowly(question: bytes) -> bytes:
        asked.append(question)
        time.sleep(0.5)
        return question[:2] + b"\x81\x82" + question[4:]

    with answering(refuse_slowly) as port:
        check = Check("dns1", "dns", LOCAL, port, "portal.quangnam.test")
        part = checking(sink, check, period_s=600.0)
        with working(part):
            until(lambda: sink.states("service:dns1"), "it was found down")
            part.look(["service:dns1"])
            until(lambda: len(asked) == 3, "it is asked again")
            part.look(["service:dns1"])
            until(lambda: len(sink.states("service:dns1")) == 3, "both wishes were granted")

    assert len(asked) == 4
