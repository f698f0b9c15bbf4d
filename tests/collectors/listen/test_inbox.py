# SPDX-License-Identifier: MIT
"""What waits is bounded, and one sender cannot take the room of the others."""

from typing import NamedTuple

from collectors.listen.inbox import Inbox


class Message(NamedTuple):
    """A message of a sender."""

    sender: str
    number: int


def test_one_that_floods_leaves_room_for_the_others() -> None:
    """A broken switch must not make us deaf to the core that lost a circuit."""
    inbox: Inbox[Message] = Inbox(most=10, share=6)
    for number in range(100):
        inbox.put(Message("10.0.0.1", number))
    inbox.put(Message("10.0.0.2", 1))

    found = inbox.drain(100)

    assert found == [*(Message("10.0.0.1", number) for number in range(6)), Message("10.0.0.2", 1)]
    assert inbox.lost == 94


def test_what_was_looked_at_makes_room() -> None:
    """A flood that ends is forgotten: its sender is heard again."""
    inbox: Inbox[Message] = Inbox(most=10, share=2)
    for number in range(3):
        inbox.put(Message("10.0.0.1", number))
    inbox.put(Message("10.0.0.2", 0))
    inbox.drain(1)
    inbox.put(Message("10.0.0.1", 9))

    assert [one.number for one in inbox.drain(9)] == [1, 0, 9]
    assert not inbox.wait(0)
