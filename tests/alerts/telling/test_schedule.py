# SPDX-License-Identifier: MIT
"""Who is told what, and when again, through the life of alerts."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from alerts.telling.roster import Roster, levels, reached
from alerts.telling.schedule import Order, due, looked_at, told
from alerts.telling.thread import Thread, of_text, to_text
from tests.alerts.telling.place import START, happen, receiver, record
from tests.clock import Clock
from tinhnet.alerting.life import Acknowledged, Cleared, Event, Raised, Released
from tinhnet.model.alert import AlertRecord
from tinhnet.receivers import Receiver
from tinhnet.settings import NotifyConfig
from tinhnet.store.duties import Duty

HABITS = NotifyConfig()
FIRST, SECOND = receiver("first"), receiver("second", level=2)
DAY = timedelta(days=1)


@dataclass
class Story:
    """Alerts and threads as they go on; every step reads back what the last one wrote."""

    receivers: tuple[Receiver, ...] = (FIRST, SECOND)
    duties: tuple[Duty, ...] = ()
    clock: Clock = field(default_factory=lambda: Clock(START))
    records: dict[str, AlertRecord] = field(default_factory=dict)
    threads: dict[str, Thread] = field(default_factory=dict)

    @property
    def roster(self) -> Roster:
        """Return who could be told."""
        return Roster(self.receivers, self.duties)

    def tell(self, *found: tuple[AlertRecord, tuple[Event, ...]]) -> list[Order]:
        """Let events happen to alerts; what is told of it."""
        notices = []
        for first, events in found:
            key = first.alert.fingerprint
            self.records[key], told_ = happen(self.records.get(key, first), *events)
            notices += told_
        plan = told(self.threads, notices, self.records, self.roster, self.clock.now, HABITS)
        self.threads = of_text(to_text(plan.threads))
        return list(plan.orders)

    def wait(self, seconds: float) -> list[Order]:
        """Let time pass; what is told by itself then."""
        now = self.clock.pass_by(seconds)
        wanted = {key: self.records[key] for key in due(self.threads, now)}
        plan = looked_at(self.threads, wanted, self.roster, now, HABITS)
        self.threads = of_text(to_text(plan.threads))
        return list(plan.orders)


def shown(orders: list[Order]) -> list[tuple[str, dict[str, int]]]:
    """Return reason and numbers of each order."""
    return [(one.reason, dict(one.numbers)) for one in orders]


def test_a_recovery_goes_into_the_thread_and_ends_it() -> None:
    """A mail program shows fault and recovery together, and nothing is left to remember."""
    story, link = Story(), record()
    first = story.tell((link, (Raised(START),)))
    last = story.tell((link, (Cleared(START + timedelta(minutes=5)),)))

    assert shown(first) == [("firing", {"first": 1})]
    assert shown(last) == [("resolved", {"first": 2})]
    assert first[0].key == last[0].key
    assert last[0].items[0].since == START
    assert story.threads == {}


def test_no_recovery_without_its_alert() -> None:
    """Whoever was never told of it cannot make sense of its end."""
    story, link = Story(receivers=()), record()
    story.tell((link, (Raised(START),)))
    story.receivers = (FIRST,)

    assert story.tell((link, (Cleared(START),))) == []


def test_a_receiver_that_did_not_want_the_alert_gets_no_recovery() -> None:
    """Severities filter whole threads."""
    critical = receiver("director", least="critical")
    story, link = Story(receivers=(FIRST, critical)), record()
    story.tell((link, (Raised(START),)))

    assert shown(story.tell((link, (Cleared(START),)))) == [("resolved", {"first": 2})]


def test_what_came_and_went_within_one_wait_is_one_message() -> None:
    """Two messages at once about something that is over help nobody."""
    story, link = Story(), record()
    orders = story.tell((link, (Raised(START), Cleared(START + timedelta(seconds=2)))))

    assert shown(orders) == [("passed", {"first": 1})]
    assert orders[0].items[0].until == START + timedelta(seconds=2)
    assert story.threads == {}


def test_a_group_recovers_in_parts_and_in_whole() -> None:
    """The thread goes on until its last alert has resolved."""
    story = Story()
    link, router = record("link:dien-ban-1"), record("device:dien-ban-cpe1")
    (opened,) = story.tell((link, (Raised(START),)), (router, (Raised(START),)))
    part = story.tell((router, (Cleared(START),)))
    whole = story.tell((link, (Cleared(START),)))

    assert len(opened.items) == 2
    assert shown(part) == [("partly_resolved", {"first": 2})]
    assert shown(whole) == [("resolved", {"first": 3})]


def test_nobody_acknowledges_so_the_next_level_hears_and_then_everybody_again() -> None:
    """One person asleep must not leave a district dark until the morning."""
    story = Story()
    story.tell((record(), (Raised(START),)))

    assert story.wait(899) == []
    assert shown(story.wait(1)) == [("escalated", {"second": 1})]
    assert story.wait(3599) == []
    assert shown(story.wait(1)) == [("repeated", {"first": 2, "second": 2})]
    assert shown(story.wait(3600)) == [("repeated", {"first": 3, "second": 3})]


def test_a_repeat_goes_to_those_on_duty_by_then() -> None:
    """The night shift hands an open alert over to the day shift; the night shift sleeps."""
    night, day = receiver("night", person="an"), receiver("day", person="binh")
    story = Story(receivers=(night, day), duties=(duty("an"),))
    first = story.tell((record(), (Raised(START),)))
    story.duties = (duty("binh"),)
    repeated = story.wait(900)
    story.wait(60)
    last = story.tell((record(), (Cleared(story.clock.now),)))

    assert shown(first) == [("firing", {"night": 1})]
    assert shown(repeated) == [("repeated", {"day": 1})]
    assert shown(last) == [("resolved", {"night": 2, "day": 2})]


def test_an_acknowledgement_stops_it_and_its_release_starts_it_again() -> None:
    """Whoever takes care is left in peace, whoever gives it back is not forgotten."""
    story, link = Story(), record()
    story.tell((link, (Raised(START),)))
    until = START + DAY
    story.tell((link, (Acknowledged(START, "lan", "đã gọi", until),)))
    quiet = [order for _ in range(8) for order in story.wait(900)]
    story.tell((link, (Released(story.clock.now),)))

    assert quiet == []
    assert shown(story.wait(900)) == [("escalated", {"second": 1})]


def test_an_acknowledgement_that_lapses_is_told_and_counts_anew() -> None:
    """The trouble is nobody's again."""
    story, link = Story(), record()
    story.tell((link, (Raised(START),)))
    story.tell((link, (Acknowledged(START, "lan", "đã gọi", START + timedelta(hours=1)),)))
    story.clock.pass_by(3600)
    lapsed = story.tell((link, (Raised(story.clock.now),)))

    assert shown(lapsed) == [("acknowledgement_lapsed", {"first": 2})]
    assert story.wait(899) == []
    assert shown(story.wait(1)) == [("escalated", {"second": 1})]


def test_what_is_not_urgent_waits_for_the_morning() -> None:
    """Only from high on somebody is woken."""
    story = Story()
    story.tell((record(severity="medium"), (Raised(START),)))

    assert story.wait(86400) == []


def test_whoever_climbed_in_hears_the_end() -> None:
    """The second level was woken; it may sleep again."""
    story, link = Story(), record()
    story.tell((link, (Raised(START),)))
    story.wait(900)

    assert shown(story.tell((link, (Cleared(story.clock.now),)))) == [
        ("resolved", {"first": 2, "second": 2})
    ]


def test_without_a_first_level_the_next_is_the_first() -> None:
    """A mistake in the files must not leave everybody in the dark."""
    story = Story(receivers=(SECOND,))

    assert shown(story.tell((record(), (Raised(START),)))) == [("firing", {"second": 1})]


def duty(person: str, level: int = 1) -> Duty:
    """Return a duty of today."""
    return Duty(1, person, level, START, START + DAY)


def test_whoever_is_on_duty_is_told_and_nobody_else() -> None:
    """The calendar decides; a room hears everything of its level."""
    lan, minh = receiver("lan-mail", person="lan"), receiver("minh-mail", person="minh")
    room = receiver("noc-room")
    roster = Roster((lan, minh, room), (duty("minh"),))

    assert reached(roster, 1, "high") == (minh, room)
    assert reached(replace(roster, duties=()), 1, "high") == (lan, minh, room)


def test_a_person_without_a_receiver_leaves_nobody_untold() -> None:
    """Rather one message too many than none."""
    lan = receiver("lan-mail", person="lan")

    assert reached(Roster((lan,), (duty("nobody"),)), 1, "high") == (lan,)


def test_a_person_on_duty_at_level_two_is_reached_there() -> None:
    """The level of a duty beats that of the file."""
    lan, minh = receiver("lan-mail", person="lan"), receiver("minh-mail", person="minh")
    roster = Roster((lan, minh), (duty("lan"), duty("minh", 2)))

    assert (reached(roster, 1, "high"), reached(roster, 2, "high")) == ((lan,), (minh,))
    assert levels(roster, "high") == (1, 2)
