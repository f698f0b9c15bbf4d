# SPDX-License-Identifier: MIT
"""Streams are cut where the sender cut them, however they arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.syslog.framing import LARGEST, Frame, Framer
from tests.collectors.random_cases import RANDOM

MESSAGES = st.lists(
    st.binary(min_size=1, max_size=60).map(lambda text: b"<13>" + text.strip(b"\r\n") + b"."),
    min_size=1,
    max_size=8,
)


def cut(*pieces: bytes) -> list[Frame]:
    """Return the frames of a stream that comes in pieces."""
    framer = Framer()
    frames = [frame for piece in pieces for frame in framer.feed(piece)]
    return [*frames, *framer.finish()]


def pieces_of(stream: bytes, sizes: list[int]) -> list[bytes]:
    """Cut a stream into pieces of these sizes, over and over."""
    pieces = []
    at = turn = 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        pieces.append(stream[at : at + size])
        at, turn = at + size, turn + 1
    return pieces


@given(MESSAGES, st.lists(st.integers(1, 40), min_size=1, max_size=5))
@RANDOM
def test_counted_messages_may_hold_anything(messages: list[bytes], sizes: list[int]) -> None:
    """A line feed inside is a sign like any other: nobody begins a message from within."""
    stream = b"".join(b"%d %s" % (len(one), one) for one in messages)

    assert cut(*pieces_of(stream, sizes)) == [Frame(one) for one in messages]


@given(MESSAGES, st.lists(st.integers(1, 40), min_size=1, max_size=5), st.sampled_from(b"\n\0"))
@RANDOM
def test_lines_end_at_a_line_feed_or_nul(messages: list[bytes], sizes: list[int], end: int) -> None:
    """However the stream is cut on its way; the last line may lack its end."""
    lines = [one.replace(b"\n", b"").replace(b"\0", b"").replace(b"\r", b"") for one in messages]
    stream = bytes([end]).join(lines)

    assert cut(*pieces_of(stream, sizes)) == [Frame(line) for line in lines]


@given(st.lists(st.binary(max_size=80), max_size=10))
@RANDOM
def test_no_stream_makes_a_framer_fail_or_lose_a_line(pieces: list[bytes]) -> None:
    """Noise: every sign that is no end of line comes out again, in order."""
    frames = cut(b"x", *pieces)
    kept = b"".join(frame.line for frame in frames)

    assert kept.replace(b"\r", b"") == b"".join((b"x", *pieces)).translate(None, b"\n\0\r")


@given(st.lists(st.binary(max_size=80), max_size=10))
@RANDOM
def test_no_counted_stream_makes_a_framer_fail(pieces: list[bytes]) -> None:
    """Noise behind a good beginning."""
    frames = cut(b"5 <1>ab", *pieces)

    assert frames[0] == Frame(b"<1>ab")


def test_how_a_stream_is_cut_is_decided_once() -> None:
    """A line that looks like a count, sent by whoever can make a device log, changes nothing."""
    frames = cut(b"<13>one\n", b"30 <13>two\n<13>three\n")

    assert [frame.line for frame in frames] == [b"<13>one", b"30 <13>two", b"<13>three"]


def test_a_line_that_begins_with_digits_is_no_count() -> None:
    """Cisco numbers its lines."""
    assert cut(b"000045: Mar 1 00:00:45: %X-5-Y: z\n") == [
        Frame(b"000045: Mar 1 00:00:45: %X-5-Y: z")
    ]


def test_a_lost_count_is_marked_and_the_stream_goes_on() -> None:
    """A sender that restarts in the middle costs a line, not the rest of the day."""
    frames = cut(b"7 <13>abc", b"rubbish without count\n", b"7 <13>def")

    assert frames == [
        Frame(b"<13>abc"),
        Frame(b"rubbish without count", "no count of bytes where one was due"),
        Frame(b"<13>def"),
    ]


def test_a_stream_that_ends_too_early_is_marked() -> None:
    """What came is kept."""
    assert cut(b"50 <13>abc and then the power went") == [
        Frame(b"50 <13>abc and then the power went", "the stream ends in the middle of a message")
    ]


@pytest.mark.parametrize(
    "stream",
    [
        b"<13>" + b"x" * (LARGEST + 5000) + b"\n<13>next\n",
        b"%d <13>" % (LARGEST + 5004) + b"x" * (LARGEST + 5000) + b"9 <13>next.",
    ],
    ids=["line", "counted"],
)
@pytest.mark.parametrize("size", [1000, 10**6])
def test_a_message_too_long_is_cut_and_marked(stream: bytes, size: int) -> None:
    """A sender without an end must not fill the memory; the next message is whole."""
    framer = Framer()
    frames = []
    for piece in pieces_of(stream, [size]):
        frames += list(framer.feed(piece))
        assert len(framer._held) <= LARGEST + size  # noqa: SLF001 what must not grow has no other sign
    frames += list(framer.finish())

    assert [len(frame.line) for frame in frames] == [LARGEST, len(frames[1].line)]
    assert frames[0].fault == f"longer than {LARGEST} bytes: cut"
    assert frames[1].line.startswith(b"<13>next")


def test_empty_lines_are_nothing() -> None:
    """Keep-alives of some senders."""
    assert cut(b"\n\r\n\0<13>a\r\n\n") == [Frame(b"<13>a")]
