# SPDX-License-Identifier: MIT
"""What collectors and messengers say in English stands in Vietnamese on Vietnamese pages."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Flag

import pytest

from alerts.message import Message
from alerts.notifiers.email import NOTIFIER as EMAIL
from alerts.notifiers.webhook import NOTIFIER as WEBHOOK
from alerts.telling.record import entries, event
from collectors.agent.check import Check, examine
from collectors.collect.turns import event_of
from collectors.collect.verdict import Asked, join, judge
from collectors.collect.watch import STALE_S, Change, Watch
from collectors.events.notices import COLUMNS, KNOWN, OSPF6_NEIGHBOUR, trap_event
from collectors.events.notices import OSPF6_STATE as OSPF6_TRAP
from collectors.events.notices import OSPF_STATE as OSPF_TRAP
from collectors.events.place import Places
from collectors.events.told import PURSE, Gathering, Told
from collectors.listen.traps import Trap
from collectors.snmp import ber
from collectors.snmp.receive import Notification
from collectors.snmp.value import Value
from tests.conftest import free_port
from tests.webui import watching
from tests.webui.afternoon import afternoon
from tests.webui.conftest import ROOT, Site
from tinhnet import sentences
from tinhnet.inventory import load
from tinhnet.model.alert import AlertEntry
from tinhnet.model.event import Event, Severity, Source
from tinhnet.model.observation import Observation, State
from tinhnet.reasons import fields_of, taken_apart
from tinhnet.sentences import FOUND, TEMPLATES, TURNED, worded
from tinhnet.store import alerts, deliveries, events, observed
from tinhnet.store.deliveries import DELIVERED, DROPPED, GIVEN_UP, REFUSED, KeptDelivery
from webui.sentences import told_sentence

AT = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
NOW = AT.timestamp()
INVENTORY = ROOT / "inventory"
NESTED = ("timed out", "quá hạn chờ")
"""A sentence inside a sentence, in both languages."""
MAKERS = {
    "Verdict": 2,
    "Observation": 2,
    "Asked": 2,
    "product_event": 1,
    "delivered": 0,
    "retry": 0,
    "refused": 0,
    "dropped": 1,
}
"""Calls that take a sentence for people, and at which place."""


def letters(node: ast.expr | None) -> str:
    """Return the words that a program's text says itself, outside of what it puts in."""
    if isinstance(node, ast.Constant):
        return re.sub(r"[^a-zA-Z]", "", node.value) if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(letters(one) for one in node.values)
    return ""


def spoken(path: Path) -> Iterator[str]:
    """Yield where a file makes a sentence itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        place = MAKERS.get(ast.unparse(node.func))
        said = [node.args[place]] if place is not None and len(node.args) > place else []
        said += [one.value for one in node.keywords if one.arg in {"text", "why"}]
        if any(letters(one) for one in said):
            yield f"{path.relative_to(ROOT)}:{node.lineno}"


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_sentence_is_found_again_in_vietnamese(template: str) -> None:
    """Whoever adds a sentence finds out here that no page would say it."""
    fields = {name: f"{name} 7" for name in fields_of(template)}
    inner, inner_vi = NESTED
    fields |= {"why": inner} if "why" in fields else {}

    english = template % fields
    said = told_sentence(english, "vi")

    found = taken_apart(english, TEMPLATES)
    assert found is not None
    assert (found.template, found.fields) == (template, fields)
    assert said is not None
    assert said != english
    assert [value for value in fields.values() if value.replace(inner, inner_vi) not in said] == []
    assert told_sentence(english, "en") == english


def test_askers_are_told_one_by_one() -> None:
    """Both families from both ends: each in the reader's words."""
    who = [
        sentences.BY_FAMILY % {"device": "core1", "version": 4},
        sentences.AGENT_OF % {"device": "dien-ban-pc"},
    ]
    lost = sentences.LOST_SAYING % {
        "count": 6,
        "seconds": "0.5",
        "why": worded(("interface_down", "c107")),
    }
    text = sentences.FAILS_FOR % {"askers": ", ".join(who), "why": lost}

    assert told_sentence(text, "vi") == (
        "hỏng khi hỏi từ core1 qua IPv4, tác tử trên dien-ban-pc: "
        "không trả lời 6 gói dò trong 0.5 giây: cổng c107 mất tín hiệu"
    )


@pytest.mark.parametrize("text", ["", "eth2 mất tín hiệu", "%OSPF-5-ADJCHG: Process 1, Nbr down"])
def test_what_others_said_is_left_alone(text: str) -> None:
    """A device's own words are what an engineer searches for."""
    assert told_sentence(text, "vi") is None


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((), ""),
        (("Connection refused",), "Connection refused"),
        (("no_answer", "5"), "no answer within 5 s"),
        (("c107 is down",), "c107 is down"),
        (("of_tomorrow", "x", "y"), "of_tomorrow x y"),
        (("no_answer",), "no_answer"),
    ],
    ids=["well", "system", "ours", "older agent", "newer agent", "lacks a value"],
)
def test_what_an_agent_found_is_worded(found: tuple[str, ...], said: str) -> None:
    """Agents are older or newer than the product for a while; nothing they say is lost."""
    assert worded(found) == said


def test_agents_tell_names_that_we_have_sentences_for() -> None:
    """They ship without our package: nothing but this test keeps both in step."""
    told: dict[str, set[int]] = {}
    for name in ("check", "ping"):
        source = (ROOT / f"collectors/agent/{name}.py").read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            first = node.elts[0] if isinstance(node, ast.Tuple) and node.elts else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                assert isinstance(node, ast.Tuple)
                told.setdefault(first.value, set()).add(len(node.elts) - 1)

    assert told == {name: {len(fields_of(template))} for name, template in FOUND.items()}


def test_nobody_makes_sentences_beside_the_list() -> None:
    """A sentence that is put together where it is needed stays English for ever."""
    files = [
        *(ROOT / "alerts").rglob("*.py"),
        *(path for path in (ROOT / "collectors").rglob("*.py") if path.parent.name != "snmp"),
    ]

    assert [where for path in files for where in spoken(path)] == []


def verdicts() -> Iterator[str]:
    """Yield what is said of requests: answered, lost, some lost, nobody asked."""
    well = [Asked(NOW - 60 + step, 0.004) for step in range(50)]
    burst = [Asked(NOW - 1 + step / 10, None) for step in range(5)]
    down = [Asked(NOW - 1 + step / 10, None, "Network is unreachable") for step in range(5)]
    lossy = [Asked(NOW - 50 + step, None if step % 8 == 0 else 0.01) for step in range(50)]
    for asked, now in (
        (well, NOW - 5),
        (well, NOW + 90),
        ([*well, *burst], NOW),
        ([*well, *down], NOW),
        (burst[:1], NOW),
        (lossy, NOW),
    ):
        found = judge(asked, now)
        assert found is not None
        yield found.why
    lost, answered = judge([*well, *down], NOW), judge([Asked(NOW, 0.01)], NOW)
    assert lost is not None
    assert answered is not None
    yield join({"core1 by IPv6": lost, "core1 by IPv4": answered}).why
    yield join({}).why
    watch = Watch({})
    watch.see("service:portal", "poll", Observation(State.UP, AT), NOW)
    yield watch.observations(NOW + STALE_S + 1)["service:portal"].why


def turns() -> Iterator[str]:
    """Yield the events of probes."""
    network = load(INVENTORY)
    lost = sentences.LOST % {"count": 3, "seconds": "0.2"}
    for thing in ("link:dien-ban-1", "device:core1"):
        for state in (State.DOWN, State.UP):
            change = Change(thing, State.UP, Observation(state, AT, lost))
            yield event_of(change, network, "ping", AT).text


def traps() -> Iterator[str]:
    """Yield what is said of every trap that we know."""
    column = {name: column for column, name in COLUMNS.items()}
    port = {f"{column['if_name']}.7": "c107"}
    switched_off = port | {f"{column['admin_state']}.7": "2"}
    ospf = {f"{column['state']}.1": "1", f"{column['neighbour_router_id']}.1": "10.90.0.1"}
    ospf6 = {f"{OSPF6_NEIGHBOUR}3.0.177864705": "8"}
    given = [(name, port) for name in KNOWN] + [(name, {}) for name in KNOWN]
    given += [(name, switched_off) for name in KNOWN]
    places = Places(load(INVENTORY))
    for name, bindings in [*given, (OSPF_TRAP, ospf), (OSPF6_TRAP, ospf6)]:
        told: dict[str, Value] = {"1.3.6.1.6.3.1.1.4.1.0": name.encode()}
        told |= {key: value.encode() for key, value in bindings.items()}
        notification = Notification(
            None, name.encode(), [ber.oid(key) for key in told], list(told.values())
        )
        found = trap_event(Trap(AT, "10.90.99.1", notification, Flag().set), "core1", places)
        assert found is not None
        yield found.event.text


def floods() -> Iterator[str]:
    """Yield what is said of a device that says too much."""
    gathering = Gathering()
    for number in range(int(PURSE) + 2):
        line = made(Source.SYSLOG, f"line {number}")
        gathering.add(Told(replace(line, key=f"k{number}", device="core1")))
    yield from (one.text for one in gathering.floods(AT))


def fates() -> Iterator[str]:
    """Yield what became of messages, on timelines and as events."""
    nobody = f"http://127.0.0.1:{free_port()}/hook"
    message = Message("f/1", 1, AT, "x", "y", {})
    mail = {name: one.default or "" for name, one in EMAIL.settings.items()}
    mail |= {"host": "127.0.0.1", "port": str(free_port()), "from": "a@b.vn", "to": "c@d.vn"}
    hook = {"secret": "", "ca_file": ""}
    details = [
        WEBHOOK.deliver(message, hook | {"url": nobody}).detail,
        WEBHOOK.deliver(message, hook | {"url": "ftp://x"}).detail,
        EMAIL.deliver(message, mail).detail,
        EMAIL.deliver(message, mail | {"from": "a\n@b.vn"}).detail,
    ]
    yield from details
    for fate in (DELIVERED, REFUSED, GIVEN_UP, DROPPED):
        one = delivery(fate, details[0])
        yield from (line.text for line in entries(one, AT))
        yield event(one, AT).text


def checks() -> Iterator[str]:
    """Yield what is found where nothing listens."""
    yield worded(examine(Check("ocsp", "tcp", "127.0.0.1", free_port())).why)


@pytest.mark.parametrize("made_", [verdicts, turns, traps, floods, fates, checks])
def test_what_is_really_said_is_one_of_our_sentences(made_: Callable[[], Iterator[str]]) -> None:
    """The makers themselves, not the templates: nothing of theirs stays English."""
    said = list(made_())

    assert said
    assert [text for text in said if told_sentence(text, "vi") in {None, text}] == []


def made(source: Source, text: str, **about: str) -> Event:
    """Return an event of Điện Bàn's primary circuit."""
    return Event(
        key=f"{source}/{text}",
        at=AT,
        seen_at=AT,
        source=source,
        kind="link_down",
        severity=Severity.HIGH,
        text=text,
        device=about.get("device"),
        interface=None,
        link="dien-ban-1",
        site="dien-ban",
    )


def delivery(fate: str, detail: str) -> KeptDelivery:
    """Return a message that is over."""
    return KeptDelivery(
        receiver="lan",
        key="f/1",
        message=1,
        notifier="webhook",
        at=AT,
        subject="[CAO] Điện Bàn",
        text="",
        facts={"alerts": [{"fingerprint": "f" * 16, "episode": 1}]},
        fingerprints=("f" * 16,),
        due_at=None,
        fate=fate,
        tries=1,
        detail=detail,
    )


LOST = sentences.LOST_SAYING % {"count": 6, "seconds": "0.5", "why": "Network is unreachable"}
LOST_VI = "không trả lời 6 gói dò trong 0.5 giây: không có đường tới mạng đó"
EXPIRED = worded(("bad_certificate", "certificate has expired"))
EXPIRED_VI = "chứng chỉ không hợp lệ: chứng chỉ đã hết hạn"
TURN = TURNED["link", True] % {"name": "dien-ban-1", "why": LOST}
TURN_VI = f"kênh dien-ban-1 mất kết nối: {LOST_VI}"
ANSWER = sentences.ANSWERS_AT % {"where": "noc", "status": "503 Busy"}


@pytest.fixture(scope="module")
def told(site: Site) -> Site:
    """Return an application in which collectors and messengers said what they say."""
    watching.watch_afternoon(site.context)
    now = site.context.now
    network = load(site.context.config.inventory)
    seen = watching.observations(network, now + timedelta(seconds=60))  # fresh for the whole file
    for thing in ("link:dien-ban-1", "device:dien-ban-cpe1", "service:portal"):
        why = EXPIRED if thing.startswith("service:") else LOST
        seen[thing] = replace(seen[thing], state=State.DOWN, why=why)
    one = replace(delivery(DELIVERED, ANSWER), at=now)
    with site.context.store.writing() as connection:
        observed.put_observed(connection, "collect", now, seen)
        cut = now - watching.CUT
        events.append(connection, [replace(made(Source.PROBE, TURN), at=cut, seen_at=cut)])
        alert = circuit_alert(site)
        line = entries(one, now)[0]
        alerts.add_entries(connection, [replace(line, fingerprint=alert), note(alert, now)])
        deliveries.add_deliveries(connection, [one])
    return site


def circuit_alert(site: Site) -> str:
    """Return the fingerprint of the alert about Điện Bàn's primary circuit."""
    records = afternoon(site.context.now)
    return next(one.alert.fingerprint for one in records if one.link == "dien-ban-1")


def note(alert: str, now: datetime) -> AlertEntry:
    """Return what a person wrote, in words that are also ours."""
    return AlertEntry(alert, 1, now, "note", "timed out", "lan")


@pytest.mark.parametrize(
    ("path", "english", "vietnamese"),
    [
        ("/links/dien-ban-1", LOST, LOST_VI),
        ("/devices/dien-ban-cpe1", LOST, LOST_VI),
        ("/sites/dien-ban", LOST, LOST_VI),
        ("/services/portal", EXPIRED, EXPIRED_VI),
        ("/links/dien-ban-1", TURN, TURN_VI),
        ("/sites/dien-ban", TURN, TURN_VI),
        ("/events", TURN, TURN_VI),
        ("/wall", TURN, TURN_VI),
        ("/series?name=circuit_loss_ratio&link=dien-ban-1", TURN, TURN_VI),
        ("/alerts/{alert}", f"lan: told: {ANSWER}", "lan: đã báo: noc trả lời 503 Busy"),
        ("/duty", ANSWER, "noc trả lời 503 Busy"),
    ],
    ids=lambda one: one if one.startswith("/") else "",
)
def test_a_page_says_it_in_the_readers_language(
    told: Site, path: str, english: str, vietnamese: str
) -> None:
    """Every kind of page that shows a sentence, with one that is really said."""
    address = path.format(alert=circuit_alert(told))

    pages = {one: told.visit("minh", one).get(address).text for one in ("vi", "en")}

    assert (english in pages["en"], vietnamese in pages["en"]) == (True, False)
    assert (english in pages["vi"], vietnamese in pages["vi"]) == (False, True)


def test_the_call_to_a_carrier_is_vietnamese_whoever_reads_it(told: Site) -> None:
    """An engineer whose pages are English reads out Vietnamese all the same."""
    page = told.visit("lan", "en").get(f"/alerts/{circuit_alert(told)}").text
    call = page.split('id="call-text"')[1].split("</pre>")[0]

    assert LOST_VI in call
    assert TURN_VI in call
    assert LOST not in call


def test_what_a_person_wrote_stays_as_it_was_written(told: Site) -> None:
    """A note is nobody's template, whatever it says."""
    page = told.visit("minh", "vi").get(f"/alerts/{circuit_alert(told)}").text

    assert "timed out" in page
    assert NESTED[1] not in page
