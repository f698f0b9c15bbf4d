# SPDX-License-Identifier: MIT
"""The worker against real servers: told once, in order, kept, and never lost."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from alerts.telling.worker import Notifying
from tests.alerts.telling.place import (
    START,
    Hook,
    happen,
    listening,
    opened,
    put,
    record,
    run,
    webhook,
    working,
    write_receiver,
)
from tests.clock import Clock
from tests.conftest import free_port
from tinhnet.alerting.life import Cleared, Raised
from tinhnet.context import Context
from tinhnet.store.alerts import list_entries
from tinhnet.store.deliveries import list_deliveries
from tinhnet.store.duties import Duty, add_duties
from tinhnet.store.events import newest
from tinhnet.store.heartbeats import Heartbeat, beat

pytestmark = pytest.mark.patient

DAY_S = 86400.0
MAIL = """\
notifier = "email"
person = "noc"
language = "en"

[settings]
host = "127.0.0.1"
port = {port}
security = "plain"
from = "tinhnet@small.test"
"""


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock(START)


@pytest.fixture
def hook() -> Iterator[Hook]:
    """Return a web server that takes messages."""
    with listening(Hook()) as found:
        yield found


@pytest.fixture
def context(tmp_path: Path, clock: Clock, hook: Hook) -> Iterator[Context]:
    """Return a state with one receiver, a webhook."""
    webhook(tmp_path, "room", hook.url)
    with opened(tmp_path, clock) as found:
        yield found


@pytest.fixture
def worker(context: Context) -> Iterator[Notifying]:
    """Return the worker."""
    with working(context) as found:
        yield found


def fates(context: Context) -> list[tuple[str, int, str]]:
    """Return receiver, number and fate of every delivery, oldest first."""
    with context.store.reading() as connection:
        found = list_deliveries(connection)
    return [(one.receiver, one.message, one.fate) for one in reversed(found)]


def kinds(context: Context) -> list[str]:
    """Return the kinds of the events, oldest first."""
    with context.store.reading() as connection:
        return [one.event.kind for one in reversed(newest(connection))]


def test_an_alert_is_told_once_and_stands_in_its_timeline(
    context: Context, worker: Notifying, clock: Clock, hook: Hook
) -> None:
    """From a row of the alert worker to somebody's telephone, and back into the record."""
    found, notices = happen(record(), Raised(START))
    put(context, (found, notices))
    run(worker, context, clock, 1)
    early = list(hook.taken)
    run(worker, context, clock, 2.5)
    run(worker, context, clock, 60)

    body = json.loads(hook.bodies[0])
    with context.store.reading() as connection:
        (entry,) = list_entries(connection, found.alert.fingerprint)
    assert early == []
    assert hook.taken == [("/room", f"{found.alert.fingerprint}/1/1")]
    assert "[CAO] Ủy ban nhân dân thị xã Điện Bàn" in body["subject"]
    assert body["facts"]["alerts"][0]["circuit_id"] == "V-107"
    assert fates(context) == [("room", 1, "delivered")]
    assert (entry.entry.kind, entry.entry.details["receiver"]) == ("told", "room")
    assert "127.0.0.1 answers 200" in entry.entry.text


def test_what_belongs_together_is_one_message_and_its_end_follows_it(
    context: Context, worker: Notifying, clock: Clock, hook: Hook
) -> None:
    """A circuit and the router behind it: one message, one recovery."""
    first = [
        happen(record(thing), Raised(START))
        for thing in ("link:dien-ban-1", "device:dien-ban-cpe1")
    ]
    put(context, *first)
    run(worker, context, clock)
    run(worker, context, clock, 4)
    put(context, *(happen(one, Cleared(clock.now)) for one, _ in first))
    run(worker, context, clock)
    run(worker, context, clock, 4)

    numbers = [key.rpartition("/")[2] for _, key in hook.taken]
    assert numbers == ["1", "2"]
    assert len(json.loads(hook.bodies[0])["facts"]["alerts"]) == 2
    assert json.loads(hook.bodies[1])["facts"]["reason"] == "resolved"


def test_a_receiver_that_is_busy_is_tried_again_with_growing_pauses(
    context: Context, worker: Notifying, clock: Clock, hook: Hook
) -> None:
    """A server that restarts gets the message afterwards, and is not hammered before."""
    hook.status = 503
    put(context, happen(record(), Raised(START)))
    run(worker, context, clock)
    run(worker, context, clock, 4)
    run(worker, context, clock, 4)
    pauses = [len(hook.taken)]
    for seconds in (2, 5, 6):
        run(worker, context, clock, seconds)
        pauses.append(len(hook.taken))
    hook.status = 200
    run(worker, context, clock, 60)

    assert pauses == [1, 2, 2, 3]
    assert fates(context) == [("room", 1, "delivered")]
    assert len({key for _, key in hook.taken}) == 1


def test_a_receiver_that_asks_to_be_left_alone_is(
    context: Context, worker: Notifying, clock: Clock, hook: Hook
) -> None:
    """Retry-After is honoured (RFC 9110, 10.2.3), for other messages to it too."""
    hook.status, hook.headers = 429, {"Retry-After": "120"}
    put(context, happen(record(), Raised(START)))
    run(worker, context, clock)
    run(worker, context, clock, 4)
    put(context, happen(record("link:so-y-te-1", site="so-y-te"), Raised(START)))
    run(worker, context, clock)
    run(worker, context, clock, 100)
    before = len(hook.taken)
    hook.status = 200
    run(worker, context, clock, 21)
    run(worker, context, clock)

    assert before == 1
    assert [fate for _, _, fate in fates(context)] == ["delivered", "delivered"]


def test_a_message_nobody_takes_is_given_up_after_a_day_and_said(
    context: Context, worker: Notifying, clock: Clock, hook: Hook
) -> None:
    """The event is an alert's way to somebody else; the recovery is not sent either."""
    hook.status = 503
    found, notices = happen(record(severity="medium"), Raised(START))
    put(context, (found, notices))
    run(worker, context, clock)
    run(worker, context, clock, 4)
    for _ in range(30):
        run(worker, context, clock, 3600)
    hook.status = 200
    before = len(hook.taken)
    put(context, happen(found, Cleared(clock.now)))
    run(worker, context, clock)
    run(worker, context, clock, 4)
    run(worker, context, clock, 60)

    assert fates(context) == [("room", 1, "given_up"), ("room", 2, "dropped")]
    assert kinds(context) == ["message_given_up"]
    assert len(hook.taken) == before


def test_a_refusal_is_said_and_not_repeated(
    context: Context, worker: Notifying, clock: Clock, hook: Hook
) -> None:
    """An address that does not exist will not exist in five minutes either."""
    hook.status = 404
    put(context, happen(record(severity="medium"), Raised(START)))
    run(worker, context, clock)
    run(worker, context, clock, 4)
    run(worker, context, clock, 3600)

    assert len(hook.taken) == 1
    assert (fates(context), kinds(context)) == ([("room", 1, "refused")], ["message_refused"])


def test_one_receiver_that_is_not_there_delays_no_other(
    context: Context, worker: Notifying, clock: Clock, tmp_path: Path
) -> None:
    """A dead mail server must not keep the telephones silent."""
    webhook(tmp_path, "gone", f"http://127.0.0.1:{free_port()}")
    put(context, happen(record(), Raised(START)))
    run(worker, context, clock)
    run(worker, context, clock, 4)

    assert {name: fate for name, _, fate in fates(context)} == {
        "gone": "retry",
        "room": "delivered",
    }


def test_nobody_acknowledges_and_the_next_level_is_told_after_a_restart_too(
    tmp_path: Path, clock: Clock, hook: Hook
) -> None:
    """What escalates stands in the state, not in a process."""
    webhook(tmp_path, "room", hook.url)
    webhook(tmp_path, "chief", hook.url, "level = 2")
    with opened(tmp_path, clock) as context, working(context) as worker:
        put(context, happen(record(), Raised(START)))
        run(worker, context, clock)
        run(worker, context, clock, 4)
    clock.pass_by(900)
    with opened(tmp_path, clock) as context, working(context) as worker:
        run(worker, context, clock)

    assert [path for path, _ in hook.taken] == ["/room", "/chief"]
    assert json.loads(hook.bodies[1])["facts"]["reason"] == "escalated"


def test_whoever_is_on_duty_is_told(tmp_path: Path, clock: Clock, hook: Hook) -> None:
    """The calendar of this moment decides."""
    webhook(tmp_path, "lan", hook.url, 'person = "lan"')
    webhook(tmp_path, "minh", hook.url, 'person = "minh"')
    with opened(tmp_path, clock) as context, working(context) as worker:
        with context.store.writing() as connection:
            add_duties(connection, [Duty(0, "minh", 1, START, START + timedelta(days=7))])
        put(context, happen(record(), Raised(START)))
        run(worker, context, clock)
        run(worker, context, clock, 4)

    assert [path for path, _ in hook.taken] == ["/minh"]


def test_a_receiver_is_added_and_mended_without_a_restart(
    context: Context, worker: Notifying, clock: Clock, hook: Hook, tmp_path: Path
) -> None:
    """A faulty file is said as an event; the others go on telling."""
    write_receiver(tmp_path, "mail", 'notifier = "email"\n[settings]\nhost = "mail"\n')
    write_receiver(tmp_path, "worse", "level = nine\n")
    run(worker, context, clock)
    faulty = kinds(context)
    webhook(tmp_path, "later", hook.url)
    put(context, happen(record(), Raised(START)))
    run(worker, context, clock)
    run(worker, context, clock, 4)

    assert faulty == ["receiver_faulty"] * 3
    assert {path for path, _ in hook.taken} == {"/room", "/later"}


def test_old_notices_are_passed_over(
    context: Context, worker: Notifying, clock: Clock, hook: Hook
) -> None:
    """A worker that was off for a week does not wake anybody about last week."""
    put(context, happen(record(), Raised(START)))
    clock.pass_by(DAY_S + 60)
    run(worker, context, clock)
    run(worker, context, clock, 4)

    assert hook.taken == []


class Post:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []

    async def handle_DATA(  # noqa: N802 the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take a message."""
        del server, session
        self.taken.append(envelope)
        return "250 taken"


def test_a_person_of_the_inventory_gets_mail_at_their_address(tmp_path: Path, clock: Clock) -> None:
    """`to` may be left out: people.yml knows it."""
    post, port = Post(), free_port()
    server = Controller(post, hostname="127.0.0.1", port=port)
    server.start()
    try:
        text = MAIL.format(port=port)
        write_receiver(tmp_path, "noc-mail", text)
        with opened(tmp_path, clock) as context, working(context) as worker:
            put(context, happen(record(), Raised(START)))
            run(worker, context, clock)
            run(worker, context, clock, 4)
    finally:
        server.stop()

    assert [one.rcpt_tos for one in post.taken] == [["noc@small.test"]]
    assert b"X-Tinhnet-Alert" in bytes(post.taken[0].content or b"")


def alive(context: Context, *names: str, at: datetime = START) -> None:
    """Let workers give a sign of life."""
    with context.store.writing() as connection:
        for name in names:
            beat(connection, Heartbeat(name, "here", 1, START, at, 2))


def test_somebody_outside_hears_from_us_only_while_the_chain_lives(
    tmp_path: Path, clock: Clock, hook: Hook
) -> None:
    """Silence means trouble: a dead collector must not look like peace from outside."""
    url = {"TINHNET__NOTIFY__HEARTBEAT_URL": f"{hook.url}/beat"}
    with opened(tmp_path, clock, **url) as context, working(context) as worker:
        alive(context, "collect", "alert")
        run(worker, context, clock)
        heard = len(hook.taken)
        run(worker, context, clock, 59)
        too_early = len(hook.taken)
        run(worker, context, clock, 1)
        silent = len(hook.taken)
        alive(context, "collect", "alert", at=clock.now)
        run(worker, context, clock, 60)
        alive(context, "collect", "alert", at=clock.now)
        clock.pass_by(0)
        found = kinds(context)

    assert (heard, too_early, silent) == (1, 1, 1)
    assert found[0] == "heartbeat_withheld"


def test_a_heartbeat_nobody_takes_is_an_event_once(
    tmp_path: Path, clock: Clock, hook: Hook
) -> None:
    """Whoever watches us from outside may be gone; we say so, not every minute."""
    hook.status = 500
    url = {"TINHNET__NOTIFY__HEARTBEAT_URL": f"{hook.url}/beat"}
    with opened(tmp_path, clock, **url) as context, working(context) as worker:
        for _ in range(3):
            alive(context, "collect", "alert", at=clock.now + timedelta(seconds=61))
            run(worker, context, clock, 61)
        hook.status = 200
        alive(context, "collect", "alert", at=clock.now + timedelta(seconds=61))
        run(worker, context, clock, 61)

        assert kinds(context) == ["heartbeat_failed", "heartbeat_heard"]


def test_without_any_receiver_nothing_is_told_and_nothing_breaks(
    tmp_path: Path, clock: Clock
) -> None:
    """A new installation has no receivers yet."""
    with opened(tmp_path, clock) as context, working(context) as worker:
        put(context, happen(record(), Raised(datetime(2026, 11, 28, 11, 30, tzinfo=UTC))))
        run(worker, context, clock)
        run(worker, context, clock, 4)

        assert fates(context) == []
