# SPDX-License-Identifier: MIT
"""Rows of the duty calendar, on both databases."""

from datetime import UTC, datetime, timedelta

from tinhnet.store.duties import Duty, add_duties, find_duty, list_duties, on_duty, remove_duty
from tinhnet.store.engine import Store

START = datetime(2026, 11, 30, 0, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def test_a_duty_holds_from_its_start_until_before_its_end(store: Store) -> None:
    """At the hour of the handover exactly one of both is on duty."""
    turns = [
        Duty(0, name, 1, START + n * WEEK, START + (n + 1) * WEEK) for n, name in enumerate("ab")
    ]
    chief = Duty(0, "c", 2, START, START + 2 * WEEK)
    with store.writing() as connection:
        first, second, third = add_duties(connection, [*turns, chief])
    with store.reading() as connection:
        at = [
            [one.person for one in on_duty(connection, moment)]
            for moment in (START - WEEK, START, START + WEEK, START + 2 * WEEK)
        ]
        found = find_duty(connection, first.number)
        listed = list_duties(connection, START + WEEK, START + WEEK + timedelta(seconds=1))

    assert at == [[], ["a", "c"], ["b", "c"], []]
    assert found == first
    assert listed == (third, second)


def test_a_duty_is_taken_out_once(store: Store) -> None:
    """The second click on the same button finds nothing."""
    with store.writing() as connection:
        (kept,) = add_duties(connection, [Duty(0, "a", 1, START, START + WEEK)])
        assert [remove_duty(connection, kept.number) for _ in range(2)] == [True, False]
    with store.reading() as connection:
        assert find_duty(connection, kept.number) is None
