# SPDX-License-Identifier: MIT
"""The delay line's lanes: in order, in time, bounded."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.delay import HELD_BYTES, READY, Lane

PROGRAM = Path(__file__).parents[2] / "lab/delay.py"


@pytest.fixture
def lane() -> Iterator[Lane]:
    """Return an empty lane between two sockets it never uses here."""
    one, two = socket.socketpair()
    with one, two:
        yield Lane(one, two)


def test_frames_leave_in_order_and_not_before_they_are_due(lane: Lane) -> None:
    """A line never overtakes itself."""
    lane.accept(b"first", due=1.0)
    lane.accept(b"second", due=1.5)

    assert lane.due(0.9) == []
    assert lane.wait_s(0.9) == pytest.approx(0.1)
    assert lane.due(1.2) == [b"first"]
    assert lane.due(9.0) == [b"second"]
    assert lane.wait_s(9.0) is None


def test_a_full_lane_drops_instead_of_growing(lane: Lane) -> None:
    """A flood through a slow line must not take the machine's memory."""
    frame = bytes(60_000)
    accepted = sum(lane.accept(frame, due=1.0) for _ in range(1000))

    assert accepted == HELD_BYTES // len(frame)
    assert lane.held_bytes <= HELD_BYTES
    lane.due(2.0)
    assert lane.held_bytes == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root opens packet sockets")
@pytest.mark.parametrize(("port", "told"), [("lo", READY), ("absent", "")])
def test_a_line_tells_when_it_carries_frames(port: str, told: str) -> None:
    """Frames that come before it listens are lost: who degrades a circuit waits for the word."""
    reader, writer = os.pipe()
    command = ["unshare", "--net", sys.executable, "-I", str(PROGRAM), port, port, "1", "0"]
    with subprocess.Popen(
        [*command, str(writer)], pass_fds=[writer], stderr=subprocess.DEVNULL
    ) as line:
        os.close(writer)
        with os.fdopen(reader) as answer:
            heard = answer.read()
        line.kill()

    assert heard == told
