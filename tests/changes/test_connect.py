# SPDX-License-Identifier: MIT
"""Which of a device's addresses a session goes to, and what is said when none answers."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from changes.device import STAGGER_S, UnreachableError, connect
from tests.conftest import free_port

FIRST, SECOND = "127.0.0.1", "127.0.0.2"


@contextmanager
def listening(address: str, port: int) -> Iterator[None]:
    """Take connections at an address."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen()
        yield


@contextmanager
def silent(address: str, port: int) -> Iterator[None]:
    """Leave connections unanswered: the queue of a listener is full."""
    with socket.socket() as server:
        server.bind((address, port))
        server.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)  # noqa: FBT003 the signature of socket
            one.connect_ex((address, port))
        try:
            yield
        finally:
            for one in waiting:
                one.close()


def test_the_first_address_is_preferred() -> None:
    """A provisioned device answers at both; the management address is taken."""
    port = free_port()
    with listening(FIRST, port), listening(SECOND, port):
        address, channel = connect((FIRST, SECOND), port, 30.0)
        channel.close()

    assert address == FIRST


def test_an_address_that_is_refused_gives_way_at_once() -> None:
    """Nobody listens at the first."""
    port = free_port()
    with listening(SECOND, port):
        address, channel = connect((FIRST, SECOND), port, 30.0)
        channel.close()

    assert address == SECOND


def test_an_address_that_stays_silent_does_not_hold_up_the_other() -> None:
    """Long before the patience is over."""
    port = free_port()
    with silent(FIRST, port), listening(SECOND, port):
        address, channel = connect((FIRST, SECOND), port, 100 * STAGGER_S)
        channel.close()

    assert address == SECOND


def test_what_each_address_said_is_told() -> None:
    """Refused and silent are not the same fault."""
    port = free_port()
    with silent(SECOND, port), pytest.raises(UnreachableError) as caught:
        connect((FIRST, SECOND), port, 1.0)

    assert str(caught.value) == (f"{FIRST}: Connection refused; {SECOND}: no answer within 1 s")


def test_a_family_that_is_not_there_is_told() -> None:
    """No way at all is an answer too."""
    with pytest.raises(UnreachableError, match="2001:db8::1: "):
        connect(("2001:db8::1",), 22, 1.0)
