# SPDX-License-Identifier: MIT
"""What no person means to send: every page and call answers it with a sentence, none with 500."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from tests.webui.conftest import OPERATOR, Site, post
from tests.webui.test_api import Program, program
from tinhnet.actions import RequestError, create_token
from tinhnet.alerting import actions
from tinhnet.alerting.actions import WindowRequest
from tinhnet.model.actor import Role
from tinhnet.model.event import Event, Severity, Source
from tinhnet.model.window import Recurrence, Scope, Window
from tinhnet.store import duties, events, windows
from tinhnet.store.duties import Duty

__all__ = ["program"]
HUGE = "9" * 30
NOBODY = "0" * 16
SILENCE = {"scope": {"things": ["device:core1"]}, "length_s": 3600, "reason": "x"}


@pytest.mark.parametrize(
    "path",
    [
        f"alerts?offset={HUGE}",
        "alerts?fired_since=0001-01-01T00:00:00%2B14:00",
        f"events?before={HUGE}",
        "events?since=9999-12-31T23:59:59-12:00",
        f"evidence?after={HUGE}",
        "evidence?since=0001-01-01T00:00:00%2B14:00",
        "jobs?since=9999-12-31T23:59:59-12:00",
        f"jobs/J1/events?after={HUGE}",
        "series/window?name=interface_in_bps&to=0001-01-01T00:00:00Z",
        "series/window?name=interface_in_bps&from=0001-01-01T00:00:00Z",
        "series/window?name=interface_in_bps&to=9999-12-31T23:59:59-12:00",
    ],
)
def test_numbers_and_moments_beyond_every_row_are_refused(
    program: Callable[[Role], Program], path: str
) -> None:
    """A database has no such number, and no zone has such a time."""
    answer = program(Role.ADMIN).get(f"/api/v1/{path}")

    assert answer.status_code == 422
    assert json.loads(answer.data)["detail"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": "\ud800"}, "reason carries the sign U+D800"),
        ({"reason": "a\x00b"}, "U+0000"),
        ({"reason": "vì\u202ednal"}, "U+202E"),
        ({"scope": {"sites": ["\x1b[2J"]}}, "U+001B"),
        ({"scope": {"things": ["nonsense"]}}, "no such thing"),
        ({"scope": {"things": ["host:core1"]}}, "no such thing"),
        ({"scope": {"rules": ["nonsense"]}}, "no such rule"),
        ({"recurrence": "every day"}, "NAME=VALUE"),
        ({"recurrence": "FREQ=DAILY"}, "WEEKLY or MONTHLY"),
        ({"start": "9999-12-31T00:00:00Z"}, "year"),
        ({"start": "2150-01-01T00:00:00Z"}, "a hundred years"),
        ({"start": "2026-11-24T07:00:00"}, "timezone"),
        ({"length_s": 1e300}, "length_s"),
        ({"reason": ["x"]}, "reason"),
        ({"reason": "x" * 501}, "500"),
        ({"reason": " "}, "reason"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused_with_a_sentence(
    site: Site, changes: dict[str, object], said: str
) -> None:
    """A silence about nothing hides nothing, and whoever opened it believes that it does."""
    headers = {"Authorization": f"Bearer {_token(site)}", "Content-Type": "application/json"}
    body = json.dumps(SILENCE | changes)
    answer = site.app.test_client().post("/api/v1/windows", data=body, headers=headers)

    assert answer.status_code in {400, 422}
    assert said in json.loads(answer.data)["detail"]


@pytest.mark.parametrize("body", [b"[" * 100_000, b"\xff", b"[]", b"null", b""])
def test_a_body_that_is_none_is_refused(site: Site, body: bytes) -> None:
    """A deep nest of brackets costs Python its stack."""
    headers = {"Authorization": f"Bearer {_token(site)}"}
    for type_ in ("application/json", "text/plain"):
        answer = site.app.test_client().post(
            "/api/v1/windows", data=body, headers=headers, content_type=type_
        )

        assert answer.status_code in {400, 415, 422}
        assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("path", [f"/handover/H{HUGE}", f"/alerts/{HUGE}", f"/jobs/J{HUGE}"])
def test_a_number_that_nothing_has_leads_nowhere(
    visit: Callable[..., FlaskClient], path: str
) -> None:
    """The address was cut or typed wrong."""
    assert visit("lan").get(path).status_code == 404


@pytest.mark.parametrize("path", [f"/duty/{HUGE}/remove", f"/handover/H{HUGE}/take"])
def test_a_form_about_a_number_that_nothing_has_leads_nowhere(
    visit: Callable[..., FlaskClient], path: str
) -> None:
    """As above, for the buttons."""
    assert post(visit("lan"), path, {}).status_code == 404


@pytest.mark.parametrize(
    ("sign", "status"), [("\x00", 400), ("\x1b", 422), ("\u202e", 422), ("\u2066", 422)]
)
def test_signs_that_nobody_sees_are_refused_in_forms_and_addresses(
    visit: Callable[..., FlaskClient], sign: str, status: int
) -> None:
    """They turn a line around on the next reader's page, or paint on a terminal."""
    client = visit("lan")
    named = f"U+{ord(sign):04X}"
    typed = post(client, "/handover", {"note": f"ca đêm{sign}"})
    asked = client.get("/search", query_string={"q": sign})

    assert (typed.status_code, asked.status_code) == (status, 400)
    assert named in typed.get_data(as_text=True)
    assert named in asked.get_data(as_text=True)


def test_what_people_do_type_is_kept_as_it_is(visit: Callable[..., FlaskClient]) -> None:
    """Lines, tabs and decomposed Vietnamese are no attack."""
    client = visit("lan")
    given = post(client, "/handover", {"note": "Ca đêm:\r\n\tđiện ye\u0302\u0301u"})

    assert given.status_code == 303
    assert "điện yếu" in client.get(given.headers["Location"]).get_data(as_text=True)


def test_a_window_has_an_end_that_somebody_lives_to_see(site: Site) -> None:
    """A silence until 9999 by a slip of the finger would hide a circuit for good."""
    now = site.context.now
    scope = Scope(things=frozenset({"device:core1"}))
    for start, length in (
        (now, timedelta(days=3000)),
        (now + timedelta(days=40_000), timedelta(hours=1)),
    ):
        for again in (None, Recurrence("weekly")):
            asked = WindowRequest(
                is_planned=False,
                scope=scope,
                start=start,
                length_s=length.total_seconds(),
                reason="x",
                recurrence=again,
            )
            with pytest.raises(RequestError, match="within"):
                actions.open_window(site.context, OPERATOR, asked)


def _token(site: Site) -> str:
    return create_token(site.context, OPERATOR, "operator", Role.ENGINEER)[1]


@pytest.fixture
def shouted(site: Site) -> str:
    """Let a device log a line as long as a datagram, with everything in it that browsers obey."""
    now = site.context.now
    text = f'"><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[2J\u202e{"W" * 60_000}'
    event = Event(
        key="shouted",
        at=now,
        seen_at=now,
        source=Source.SYSLOG,
        kind="log",
        severity=Severity.HIGH,
        text=text,
        device="core1",
        interface='" onmouseover="alert(3)',
        link="dien-ban-1",
        site="dien-ban",
    )
    with site.context.store.writing() as connection:
        events.append(connection, [event])
    return text


@pytest.mark.parametrize(
    "path",
    ["/events", "/wall", "/devices/core1", "/links/dien-ban-1", "/sites/dien-ban"],
)
@pytest.mark.usefixtures("shouted")
def test_what_a_device_shouts_is_a_short_harmless_line(
    visit: Callable[..., FlaskClient], path: str
) -> None:
    """Whoever can send a datagram writes on every page of the watch."""
    page = visit("lan").get(path).get_data(as_text=True)

    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert '" onmouseover="' not in page
    assert not set("\x1b\u202e") & set(page)
    assert len(page) < 300_000
    assert "W" * 2000 not in page


def test_the_api_has_the_whole_line(program: Callable[[Role], Program], shouted: str) -> None:
    """A page may shorten; what was said is not lost."""
    answer = program(Role.VIEWER).get("/api/v1/events?size=1")

    assert json.loads(answer.data)["items"][0]["text"] == shouted


def test_pages_stay_short_however_much_is_kept(site: Site) -> None:
    """Five hundred windows and two thousand duties are a mistake of a script, not a dead page."""
    now = site.context.now
    scope = Scope(things=frozenset({"device:core1"}))
    hour = timedelta(hours=1)
    with site.context.store.writing() as connection:
        for number in range(300):
            for name, start in (("o", now), ("n", now + hour)):
                windows.add_window(
                    connection,
                    Window(
                        id=f"{name}{number:08d}",
                        is_planned=True,
                        scope=scope,
                        start=start,
                        length_s=86_400,
                        owner="lan",
                        reason="bảo trì",
                        announced_at=now,
                    ),
                )
        turns = [
            Duty(0, "lan", 1, now + turn * hour, now + turn * hour + hour) for turn in range(999)
        ]
        duties.add_duties(connection, turns)
    for path in ("/maintenance", "/duty", "/sla", "/handover", "/alerts", "/wall"):
        answer = site.visit("lan").get(path)

        assert answer.status_code == 200
        assert len(answer.data) < 500_000, path
    assert "The first 100 of 300." in site.visit("lan").get("/maintenance").get_data(as_text=True)
