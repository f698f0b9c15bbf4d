# SPDX-License-Identifier: MIT
"""Log lines of all dialects are read, kept whole, and fooled by nobody."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from collectors.syslog.event import Event
from collectors.syslog.framing import Frame
from collectors.syslog.parse import parse
from collectors.syslog.shapes import KINDS
from collectors.syslog.text import escape, unescape, visible
from collectors.syslog.times import Assumed
from tests.collectors.random_cases import RANDOM

CASES = Path(__file__).parents[1] / "cases" / "syslog.yml"
GOLDEN = yaml.safe_load(CASES.read_text(encoding="utf-8"))
ASSUMED = Assumed(datetime(2026, 11, 28, 12, tzinfo=UTC), timezone(timedelta(hours=7)))


def read(line: bytes | str, assumed: Assumed = ASSUMED) -> Event:
    """Parse one line."""
    return parse(Frame(line.encode() if isinstance(line, str) else line), assumed)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["line"][:40])
def test_a_line_is_read_as_its_device_meant_it(case: dict[str, object]) -> None:
    """Every field of every dialect; what a case does not name must be empty."""
    line = str(case["line"])
    wanted = asdict(Event(raw=escape(line.encode()), format="", message=""))
    wanted |= {key: value for key, value in case.items() if key != "line"}
    found = asdict(read(line))
    found["at"] = found["at"] and found["at"].isoformat()
    if isinstance(wanted["at"], datetime):
        wanted["at"] = wanted["at"].astimezone(UTC).isoformat()

    assert found == wanted


@pytest.mark.parametrize("name", sorted(KINDS))
def test_kinds_are_words_of_the_contract(name: str) -> None:
    """Lower case and hyphens, as everywhere in the product."""
    assert name == name.lower()
    assert name.replace("-", "").isalpha()


FORGED = "Accepted password for root from 10.9.9.9 port 1 ssh2"
SSHD = "<38>Nov 28 10:00:00 core1 sshd[1]: "
WEB = "<38>Nov 28 10:00:00 core1 web[1]: "
TRUE_END = " from 192.0.2.66 port 4444"
CISCO = "<189>1: Nov 28 10:00:00: %SEC_LOGIN-4-LOGIN_FAILED: "
BRACKETS = "x] [Source: 9.9.9.9] [localport: 22] [Reason: none] at now"
REST = "[localport: 22] [Reason: bad] at 10:00:00"
SUDO = "Nov 28 10:00:00 s sudo: bob : TTY=pts/0 ; PWD=/x ; USER=root ; COMMAND=/bin/sh"


@pytest.mark.parametrize(
    ("line", "kind", "fields"),
    [
        (
            f"{SSHD}Failed password for invalid user root from 10.9.9.9 port 1 ssh2{TRUE_END} ssh2",
            "login-failed",
            {"method": "password", "user": "root from 10.9.9.9 port 1 ssh2"}
            | {"source": "192.0.2.66"},
        ),
        (
            f"{SSHD}Invalid user x\n{SSHD}{FORGED}{TRUE_END}",
            "login-failed",
            {"user": f"x\\n{SSHD}{FORGED}", "source": "192.0.2.66"},
        ),
        (f"{WEB}sshd[1]: {FORGED}", "other", {}),
        (f"{WEB}{FORGED}", "other", {}),
        (f"{SSHD}note: {FORGED}", "other", {}),
        (f"{SSHD}{FORGED} and more", "other", {}),
        (f"{WEB}x %LINK-3-UPDOWN: Interface Gi0/1, changed state to down", "other", {}),
        (
            f"{CISCO}Login failed [user: {BRACKETS}] [Source: 192.0.2.66] {REST}",
            "login-failed",
            {"user": BRACKETS, "source": "192.0.2.66", "reason": "bad"},
        ),
        (f"{SUDO} ; USER=bob ; COMMAND=/bin/true", "command", {"user": "bob"}),
    ],
    ids=[
        "user-with-an-address",
        "user-with-a-line-break",
        "header-inside",
        "words-of-another-program",
        "words-not-at-the-beginning",
        "words-not-at-the-end",
        "code-inside",
        "user-with-brackets",
        "command-with-a-user",
    ],
)
def test_what_a_stranger_typed_stays_what_they_typed(
    line: str, kind: str, fields: dict[str, str]
) -> None:
    """A user name is the cheapest way into a log: never a login, a source or a line."""
    event = read(line)

    assert (event.kind, dict(event.fields)) == (kind, fields)
    assert event.device in ("core1", "s", None)


def test_control_characters_show_and_move_nothing() -> None:
    """Escape sequences, line breaks and marks that turn the reading direction."""
    event = read(b"<13>Nov 28 10:00:00 core1 x: a\x1b[2Jb\r\nc\x00\xe2\x80\xaed\\n")

    assert event.message == "a\\x1b[2Jb\\r\\nc\\x00\\u202ed\\n"
    assert unescape(event.raw).endswith(b"a\x1b[2Jb\r\nc\x00\xe2\x80\xaed\\n")


def test_bytes_that_are_no_utf8_are_kept() -> None:
    """Old devices write Latin-1 or TCVN3; the bytes are there for whoever knows better."""
    event = read(b"<13>Nov 28 10:00:00 core1 x: caf\xe9")

    assert event.message == "café"
    assert unescape(event.raw) == b"<13>Nov 28 10:00:00 core1 x: caf\xe9"


@given(st.binary(max_size=300))
@RANDOM
def test_raw_gives_the_bytes_back(line: bytes) -> None:
    """Evidence is what was sent, not what we made of it."""
    assert unescape(escape(line)) == line
    assert escape(line).isprintable()


HEADERS = st.sampled_from([case["line"].encode() for case in GOLDEN])


@given(HEADERS, st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=3)), max_size=4))
@RANDOM
def test_no_line_makes_the_parser_fail(line: bytes, edits: list[tuple[int, bytes]]) -> None:
    """Whatever is bent: an Event without control characters, with the bytes inside."""
    for at, put in edits:
        line = line[:at] + put + line[at + len(put) :]
    event = read(line)
    texts = [event.message, event.raw, event.device or "", event.program or ""]
    texts += [event.process_id or "", *event.fields.values(), *event.structured]
    texts += [value for element in event.structured.values() for value in element.values()]

    assert unescape(event.raw) == line
    assert all(text.isprintable() for text in texts)


@pytest.mark.parametrize(
    "line",
    [
        b"<38>Nov 28 10:00:00 c sshd[1]: Failed password for "
        + b" from 1.1.1.1 port 1 ssh2" * 2000,
        b"<38>Nov 28 10:00:00 c sshd[1]: Failed password for " + b" from 1.1.1.1 port 1 " * 2000,
        b"<13>1 - - - - - " + b'[a b="' * 8000,
        b"<13>1 - - - - - " + b'[a b="c"]' * 6000,
        b"Nov 28 10:00:00 s sudo: a : PWD=" + b" ; USER=x" * 6000,
        b"<13>Nov 28 10:00:00 c kernel: " + b"a: " * 20000,
        b"%" + b"A-" * 30000,
        b"9" * 60000,
    ],
    ids=["from", "from-open", "open", "elements", "sudo", "kernel", "dashes", "digits"],
)
def test_no_line_takes_the_parser_for_ever(line: bytes) -> None:
    """Lines built to make a pattern go back and forth end like any other."""
    assert read(line).raw


@pytest.mark.parametrize(
    ("written", "now", "at"),
    [
        ("Jan  1 00:00:05", datetime(2026, 12, 31, 16, 59, tzinfo=UTC), "2026-12-31T17:00:05"),
        ("Dec 31 23:59:59", datetime(2026, 1, 1, 0, 0, tzinfo=UTC), "2025-12-31T16:59:59"),
        ("Feb 29 07:00:00", datetime(2026, 11, 28, tzinfo=UTC), "2024-02-29T00:00:00"),
        ("Nov 29 06:00:00", datetime(2026, 11, 28, tzinfo=UTC), "2026-11-28T23:00:00"),
        ("Nov 30 07:00:01", datetime(2026, 11, 28, tzinfo=UTC), "2025-11-30T00:00:01"),
        ("Jun  5 07:00:60", datetime(2026, 11, 28, tzinfo=UTC), "2026-06-05T00:00:59"),
    ],
    ids=[
        "new-year-ahead",
        "new-year-behind",
        "leap-day",
        "clock-ahead",
        "last-year",
        "leap-second",
    ],
)
def test_a_missing_year_is_the_likeliest_one(written: str, now: datetime, at: str) -> None:
    """RFC 3164 has none; at New Year the wrong one is a year off."""
    event = read(f"<13>{written} core1 x: y", Assumed(now, ASSUMED.zone))

    assert event.at is not None
    assert event.at.isoformat() == f"{at}+00:00"
    assert event.at_is_guessed


def test_visible_leaves_vietnamese_alone() -> None:
    """Only what cannot be printed is escaped."""
    assert visible("Điện Bàn – kênh chính ✓") == "Điện Bàn – kênh chính ✓"
