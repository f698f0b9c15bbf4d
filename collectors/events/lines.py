# SPDX-License-Identifier: MIT
"""A log line as an event, if it is worth a row."""

from datetime import timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from collectors.events.kinds import LINES, LOG, SEVERITIES, Meaning
from collectors.events.place import Places
from collectors.events.told import Told
from collectors.listen.syslog import Received
from collectors.syslog.event import SEVERITIES as WORDS
from collectors.syslog.event import Event as Line
from collectors.syslog.framing import Frame
from collectors.syslog.parse import parse
from collectors.syslog.times import Assumed
from tinhnet.model.event import Event, Source

LONGEST = 1000
"""Characters of a text or field that a row keeps; the archive of lines has the rest."""
BELIEVED = timedelta(minutes=5)
"""How far a device's clock may be from ours before ours counts."""


def read_line(received: Received, zone: ZoneInfo) -> Line:
    """Return what a message says, read with the time at which it came."""
    return parse(Frame(received.octets, received.fault), Assumed(received.at, zone))


def line_event(
    received: Received, line: Line, device: str, places: Places, least: str
) -> Told | None:
    """Return a line of a device as an event, None where it is not worth a row.

    Worth one is what has a meaning, and what its device calls `least`
    (a severity of syslog) or worse.
    """
    meaning = LINES.get(line.kind)
    if meaning is None:
        if line.severity is None or WORDS.index(line.severity) > WORDS.index(least):
            return None
        meaning = Meaning(LOG, SEVERITIES[line.severity])
    fields = {name: text[:LONGEST] for name, text in line.fields.items()}
    place = places.place(device, fields.get("interface"), fields.get("neighbour"))
    extra = {
        "program": line.program or line.code,
        "claims": line.device if line.device not in (None, device) else None,
        "fault": line.fault,
    }
    fields |= {name: text[:LONGEST] for name, text in extra.items() if text}
    at = received.at
    if line.at is not None and abs(line.at - received.at) <= BELIEVED:
        at = line.at
    elif line.at is not None:
        fields["device_time"] = line.at.isoformat()
    event = Event(
        key=_key(device, received, line),
        at=at,
        seen_at=received.at,
        source=Source.SYSLOG,
        kind=meaning.kind,
        severity=meaning.severity,
        text=line.message.strip()[:LONGEST] or line.raw[:LONGEST],
        device=device,
        interface=place.interface,
        link=place.link,
        site=place.site,
        fields=fields,
    )
    return Told(event, meaning.about)


def _key(device: str, received: Received, line: Line) -> str:
    """Return the same key for the same line, however often a sender repeats it.

    A line without a time of its own is another one each time it comes.
    """
    when = "" if line.at is not None else received.at.isoformat()
    said = f"{device}\0{when}\0".encode() + received.octets
    return f"syslog:{sha256(said).hexdigest()[:40]}"
