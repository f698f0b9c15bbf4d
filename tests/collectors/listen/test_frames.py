# SPDX-License-Identifier: MIT
"""However a stream is cut into pieces, the same messages come out of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.listen.frames import LONGEST, Cutter, Frame

EXACT = settings(max_examples=200, derandomize=True, deadline=None, database=None)
TEXT = st.binary(min_size=1, max_size=40).filter(
    lambda one: one.strip(b"\r\n\0 ") == one and not set(one) & set(b"\n\0") and one[0] > ord("9")
)


def cut(stream: bytes, *sizes: int) -> list[Frame]:
    """Feed a stream in pieces of these sizes, the rest at once, and end it."""
    cutter = Cutter()
    frames: list[Frame] = []
    for size in sizes:
        frames += cutter.feed(stream[:size])
        stream = stream[size:]
    return [*frames, *cutter.feed(stream), *cutter.end()]


@EXACT
@given(
    st.lists(st.tuples(TEXT, st.booleans()), max_size=8),
    st.lists(st.integers(1, 30), max_size=20),
)
def test_messages_come_out_as_they_went_in(
    messages: list[tuple[bytes, bool]], sizes: list[int]
) -> None:
    """Counted or lines, mixed, in pieces of any size."""
    stream = b"".join(
        b"%d %s" % (len(text), text) if counted else text + b"\n" for text, counted in messages
    )

    assert cut(stream, *sizes) == [Frame(text) for text, _ in messages]


@EXACT
@given(st.binary(max_size=400), st.lists(st.integers(1, 50), max_size=20))
def test_pieces_do_not_matter_and_nothing_breaks_it(stream: bytes, sizes: list[int]) -> None:
    """Any octets at all: the same messages, whole or in pieces."""
    assert cut(stream, *sizes) == cut(stream)


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"<13>one\r\n<13>two\n", [b"<13>one", b"<13>two"]),
        (b"<13>one\0<13>two\0", [b"<13>one", b"<13>two"]),
        (b"\n\n<13>one\n\n", [b"<13>one"]),
        (b"7 <13>one7 <13>two", [b"<13>one", b"<13>two"]),
        (b"8 <13>one\n<13>two\n", [b"<13>one", b"<13>two"]),
        (b"0 <13>one\n", [b"0 <13>one"]),
        (b"123456789 <13>one\n", [b"123456789 <13>one"]),
        (b"2026-11-28 no count\n", [b"2026-11-28 no count"]),
        (b"<13>no end", [b"<13>no end"]),
    ],
)
def test_a_stream_is_cut_where_its_sender_meant(stream: bytes, frames: list[bytes]) -> None:
    """RFC 6587, and what real senders do instead."""
    assert [frame.octets for frame in cut(stream)] == frames


def test_a_counted_message_that_is_broken_off_is_given_and_marked() -> None:
    """Half a message is better than none, and is not taken for a whole one."""
    assert cut(b"50 <13>half of") == [Frame(b"50 <13>half of", is_cut=True)]


@pytest.mark.parametrize("size", [1000, 65_536, 1_000_000])
def test_what_is_too_long_is_cut_and_the_next_message_is_found(size: int) -> None:
    """A sender cannot make us hold more, and does not take its next message along."""
    text = b"x" * (LONGEST + 500)
    line = cut(text + b"\n<13>next\n", *[size] * (len(text) // size))
    counted = cut(b"%d %s8 <13>next" % (len(text), text), *[size] * (len(text) // size))

    assert line == [Frame(text[:LONGEST], is_cut=True), Frame(b"<13>next")]
    assert counted == [Frame(text[:LONGEST], is_cut=True), Frame(b"<13>next")]


def test_no_sender_makes_it_hold_more_than_one_message() -> None:
    """Without end and without count, what is kept stays within the limit."""
    cutter = Cutter()
    for _ in range(100):
        cutter.feed(b"y" * 10_000)

    assert cutter.held <= LONGEST
