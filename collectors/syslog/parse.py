# SPDX-License-Identifier: MIT
"""The one parser of log lines: RFC 5424, RFC 3164 and what devices make of it.

Only the head of a line is read as a header; whatever looks like one further
inside is text.  A line that cannot be read is an Event too, with its fault.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from collectors.syslog.event import FACILITIES, SEVERITIES, Event
from collectors.syslog.framing import Frame
from collectors.syslog.shapes import meaning
from collectors.syslog.text import decode, escape, visible
from collectors.syslog.times import BSD, ISO, Assumed, Moment, bsd_time, iso_time

_PRIORITY = re.compile(r"<(0|[1-9][0-9]{0,2})>")
_PRIORITY_LIKE = re.compile(r"<[0-9]+>")
_LARGEST_PRIORITY = 191
_HEADER = re.compile(
    r"1 (?P<time>-|\S{1,64}) (?P<device>\S{1,255}) (?P<program>\S{1,48}) (?P<process>\S{1,128})"
    r" (?P<id>\S{1,32}) (?=[-\[])"
)
_VERSION = re.compile(r"[1-9][0-9]{0,2} ")
_NAME = re.compile(r"[!#-<>-\\^-~]{1,32}")
_SEQUENCE = re.compile(r"(?:[0-9]{1,10}: )?(?:(?P<device>[\w.-]{1,255}): )?(?=[*.]?[A-Z][a-z]{2} )")
_DEVICE = re.compile(r"(?P<device>[^\s\[\]]{1,255}) ")
_TAG = re.compile(r"(?P<program>[^\s:\[\]]{1,64})(?:\[(?P<process>[^\s\]]{1,32})\])?: ?")
_CISCO = re.compile(r"%(?P<code>[A-Z][\w.]*(?:-[\w.]+)*-(?P<severity>[0-7])-[A-Z]\w*): ?")
_HUAWEI = re.compile(
    r"(?:%%[0-9]{2})?(?P<code>[A-Z]\w*/(?P<severity>[0-7])/\w+)"
    r"(?:\([a-zA-Z]\))?(?:\[[0-9]+\])?: ?(?:CID=0x[0-9a-f]+;)?"
)
_FRR_ID = re.compile(r"\[[0-9A-Z]{5}-[0-9A-Z]{5}\] ?")
_FRR_PROGRAMS = frozenset(
    ("zebra", "ospfd", "ospf6d", "bgpd", "bfdd", "staticd", "vrrpd", "mgmtd", "watchfrr", "isisd")
)
_FRR_FILE_PROGRAMS = {"OSPF": "ospfd", "ZEBRA": "zebra", "BFD": "bfdd", "BGP": "bgpd"}


@dataclass(frozen=True, slots=True)
class _Body:
    """What stands behind priority and time."""

    message: str
    format: str
    device: str | None = None
    program: str | None = None
    process_id: str | None = None
    code: str | None = None
    severity: str | None = None


def parse(frame: Frame, assumed: Assumed) -> Event:
    """Return what a line says; it never raises, whatever the line is."""
    raw = escape(frame.line)
    event = _parse_text(raw, decode(frame.line), assumed)
    kind, fields = meaning(event.program, event.code, event.message)
    shown = {name: visible(text) for name, text in fields.items()}
    return replace(
        event,
        kind=kind,
        fields=shown,
        message=visible(event.message),
        fault=frame.fault or event.fault,
    )


def _parse_text(raw: str, text: str, assumed: Assumed) -> Event:
    event = Event(raw, "bare", text)
    found = _PRIORITY.match(text)
    if found is not None and int(found[1]) <= _LARGEST_PRIORITY:
        number = int(found[1])
        event = replace(
            event,
            message=text[found.end() :],
            facility=FACILITIES[number // 8],
            severity=SEVERITIES[number % 8],
        )
        if _VERSION.match(event.message):
            return _parse_5424(replace(event, format="rfc5424"), assumed)
    elif (like := _PRIORITY_LIKE.match(text)) is not None:
        fault = f"priority {like.group()[:20]} is none of 0 to 191"
        event = replace(event, message=text[like.end() :], fault=fault)
    return _parse_3164(event, assumed)


def _parse_5424(event: Event, assumed: Assumed) -> Event:
    """Read a header of RFC 5424; what does not follow it is kept as message."""
    text = event.message
    head = _HEADER.match(text)
    if head is None:
        return replace(event, fault="the header is not that of RFC 5424")
    moment, fault = None, None
    if head["time"] != "-":
        time = ISO.fullmatch(head["time"])
        moment = None if time is None or time["offset"] is None else iso_time(time, assumed)
        fault = None if moment else "the time is not that of RFC 5424"
    structured, end, broken = _structured(text, head.end())
    code, message = _inner(text[end:].removeprefix(" ").removeprefix("\ufeff"), head["program"])
    return replace(
        event,
        message=message,
        at=moment.at if moment else None,
        at_is_guessed=bool(moment and moment.is_guessed),
        device=_given(head["device"]),
        program=_given(head["program"]),
        process_id=_given(head["process"]),
        message_id=_given(head["id"]),
        structured=structured,
        code=code,
        fault=fault or broken,
    )


def _inner(message: str, program: str) -> tuple[str | None, str]:
    """Return the code that a device puts before its message, and the message behind it."""
    for pattern in (_CISCO, _HUAWEI):
        found = pattern.match(message)
        if found is not None:
            return found["code"], message[found.end() :]
    identity = _FRR_ID.match(message) if program in _FRR_PROGRAMS else None
    return None, message[identity.end() :] if identity else message


def _given(word: str) -> str | None:
    return None if word == "-" else visible(word)


def _structured(text: str, at: int) -> tuple[Mapping[str, Mapping[str, str]], int, str | None]:
    """Return structured data, where the message begins, and what is wrong with it."""
    if text.startswith("-", at):
        return {}, at + 1, None
    elements: dict[str, dict[str, str]] = {}
    begin = at
    while text.startswith("[", at):
        name = _NAME.match(text, at + 1)
        if name is None:
            return {}, begin, "structured data without a name"
        parameters = elements.setdefault(name.group(), {})
        at = name.end()
        while text.startswith(" ", at):
            key = _NAME.match(text, at + 1)
            if key is None or not text.startswith('="', key.end()):
                return {}, begin, "structured data with a broken parameter"
            value, at = _quoted(text, key.end() + 2)
            if at < 0:
                return {}, begin, "structured data whose value does not end"
            parameters[key.group()] = visible(value)
        if not text.startswith("]", at):
            return {}, begin, "structured data that does not end"
        at += 1
    return elements, at, None


def _quoted(text: str, at: int) -> tuple[str, int]:
    """Return a quoted value and where its quote ends, -1 when it does not."""
    parts: list[str] = []
    while at < len(text):
        sign = text[at]
        if sign == '"':
            return "".join(parts), at + 1
        if sign == "\\" and text[at + 1 : at + 2] in ('"', "\\", "]"):
            sign = text[at + 1]
            at += 1
        parts.append(sign)
        at += 1
    return "", -1


def _parse_3164(event: Event, assumed: Assumed) -> Event:
    """Read the header of RFC 3164 in any of its dialects."""
    text = event.message
    sequence = _SEQUENCE.match(text)
    at = sequence.end() if sequence else 0
    time = BSD.match(text, at)
    moment = bsd_time(time, assumed) if time else None
    if time is None:
        time = ISO.match(text)
        moment = iso_time(time, assumed) if time else None
    device = sequence["device"] if sequence and moment else None
    if time is None or moment is None or not text.startswith((" ", ":"), time.end()):
        body = _body(text.removeprefix(" "), None)
        if body.code is None:
            return replace(event, fault=event.fault or "no header that anybody knows")
        return _with_body(event, body, None)
    rest = text[time.end() :].removeprefix(":").removeprefix(" ")
    body = _body(rest, device if device or text[time.end()] == ":" else "")
    return _with_body(event, body, moment)


def _body(text: str, device: str | None) -> _Body:
    """Return what stands behind the time; `device` is "" where a name may come first."""
    if device == "":
        found = _DEVICE.match(text)
        is_tag = _TAG.match(text) or _CISCO.match(text) or _HUAWEI.match(text)
        device = None
        if found is not None and not is_tag:
            device, text = visible(found["device"]), text[found.end() :].removeprefix(": ")
    for pattern, name in ((_CISCO, "cisco"), (_HUAWEI, "huawei")):
        found = pattern.match(text.removeprefix(": "))
        if found is not None:
            message = text.removeprefix(": ")[found.end() :]
            severity = SEVERITIES[int(found["severity"])]
            return _Body(message, name, device, code=found["code"], severity=severity)
    found = _TAG.match(text)
    if found is None:
        return _Body(text, "rfc3164", device)
    message, program = text[found.end() :], found["program"]
    is_frr = program in _FRR_PROGRAMS or (device is None and program in _FRR_FILE_PROGRAMS)
    if is_frr:
        program = _FRR_FILE_PROGRAMS.get(program, program)
        identity = _FRR_ID.match(message)
        message = message[identity.end() :] if identity else message
    return _Body(
        message, "frr" if is_frr else "rfc3164", device, visible(program), found["process"]
    )


def _with_body(event: Event, body: _Body, moment: Moment | None) -> Event:
    return replace(
        event,
        format=body.format,
        message=body.message,
        at=moment.at if moment else None,
        at_is_guessed=bool(moment and moment.is_guessed),
        severity=event.severity or body.severity,
        device=body.device,
        program=body.program,
        process_id=None if body.process_id is None else visible(body.process_id),
        code=body.code,
    )
