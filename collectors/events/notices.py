# SPDX-License-Identifier: MIT
"""A trap or inform as an event (SNMPv2-MIB, IF-MIB, OSPF-TRAP-MIB, OSPFV3-MIB)."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from ipaddress import IPv4Address

from collectors.events.kinds import (
    INTERFACE_DOWN,
    INTERFACE_UP,
    LOG,
    LOGIN_FAILED,
    OSPF_DOWN,
    OSPF_UP,
    RESTART,
    Meaning,
)
from collectors.events.place import Places
from collectors.events.told import Told
from collectors.listen.traps import Trap
from collectors.snmp import ber
from collectors.snmp.errors import MalformedError
from collectors.snmp.value import Value, as_text
from tinhnet import sentences
from tinhnet.model.event import Event, Severity, Source

LONGEST = 300
MOST_BINDINGS = 32
"""Bindings of a trap that nobody knows of which a row keeps the text."""
TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"
UPTIME = "1.3.6.1.2.1.1.3.0"
OSPF_STATE = "1.3.6.1.2.1.14.16.2.2"
OSPF6_STATE = "1.3.6.1.2.1.191.0.2"
OSPF6_NEIGHBOUR = "1.3.6.1.2.1.191.1.9.1.8."
"""ospfv3NbrState (RFC 5643), indexed by interface, instance and router id."""

KNOWN = {
    "1.3.6.1.6.3.1.1.5.1": (RESTART, sentences.COLD_START),
    "1.3.6.1.6.3.1.1.5.2": (Meaning(RESTART.kind, Severity.LOW), sentences.WARM_START),
    "1.3.6.1.6.3.1.1.5.3": (INTERFACE_DOWN, sentences.LINK_DOWN),
    "1.3.6.1.6.3.1.1.5.4": (INTERFACE_UP, sentences.LINK_UP),
    "1.3.6.1.6.3.1.1.5.5": (LOGIN_FAILED, sentences.SNMP_REFUSED),
}
UNNAMED = "?"
"""Stands for what a trap should have told and did not."""
COLUMNS = {
    "1.3.6.1.2.1.2.2.1.1": "if_index",
    "1.3.6.1.2.1.2.2.1.2": "if_descr",
    "1.3.6.1.2.1.2.2.1.7": "admin_state",
    "1.3.6.1.2.1.2.2.1.8": "oper_state",
    "1.3.6.1.2.1.31.1.1.1.1": "if_name",
    "1.3.6.1.2.1.14.1.1": "router_id",
    "1.3.6.1.2.1.14.10.1.1": "neighbour",
    "1.3.6.1.2.1.14.10.1.3": "neighbour_router_id",
    "1.3.6.1.2.1.14.10.1.6": "state",
}
"""Columns of which fields are made, by their names without index."""
ADMIN = {"1": "up", "2": "down", "3": "testing"}
OSPF = {
    "1": ("down", OSPF_DOWN),
    "2": ("attempt", OSPF_DOWN),
    "3": ("init", OSPF_DOWN),
    "4": ("twoWay", None),
    "5": ("exchangeStart", None),
    "6": ("exchange", None),
    "7": ("loading", None),
    "8": ("full", OSPF_UP),
}
"""ospfNbrState (RFC 4750); what lies between is on its way and no event."""


def trap_event(trap: Trap, device: str, places: Places) -> Told | None:
    """Return what a device told as an event, None where it is not worth a row."""
    bindings = dict(_bindings(trap))
    name = bindings.pop(TRAP_OID, "")
    bindings.pop(UPTIME, None)
    fields = _fields(bindings) | _ospf6(name, bindings)
    meaning, text = _meaning(name, fields)
    if meaning is None:
        return None
    if meaning.kind == LOG:
        fields = {"trap": name}
        shown = list(bindings.items())[:MOST_BINDINGS]
        text = f"trap {name}: " + ", ".join(f"{key}={value}" for key, value in shown)
    interface = fields.get("if_name") or fields.get("if_descr")
    place = places.place(device, interface, _neighbour(fields))
    said = device.encode() + b"\0" + trap.notification.octets
    event = Event(
        key=f"trap:{sha256(said).hexdigest()[:40]}",
        at=trap.at,
        seen_at=trap.at,
        source=Source.TRAP,
        kind=meaning.kind,
        severity=meaning.severity,
        text=text[: 2 * LONGEST],
        device=device,
        interface=place.interface,
        link=place.link,
        site=place.site,
        fields=fields,
    )
    return Told(event, meaning.about)


def _meaning(name: str, fields: dict[str, str]) -> tuple[Meaning | None, str]:
    """Return what a trap means and a sentence for it."""
    if name == OSPF_STATE:
        state, meaning = OSPF.get(fields.get("state", ""), ("unknown", None))
        fields["state"] = state
        router = fields.get("neighbour_router_id", UNNAMED)
        who = {"router": router, "address": fields.get("neighbour", UNNAMED)}
        return meaning, sentences.OSPF_STATE % {**who, "state": state}
    if name == OSPF6_STATE:
        state, meaning = OSPF.get(fields.get("state", ""), ("unknown", None))
        fields["state"] = state
        router = fields.get("neighbour_router_id", UNNAMED)
        return meaning, sentences.OSPF6_STATE % {"router": router, "state": state}
    known = KNOWN.get(name)
    if known is None:
        return Meaning(LOG, Severity.LOW), ""
    meaning, text = known
    interface = fields.get("if_name") or fields.get("if_descr") or fields.get("if_index")
    if "admin_state" in fields:
        fields["admin_state"] = ADMIN.get(fields["admin_state"], fields["admin_state"])
        if text == sentences.LINK_DOWN and fields["admin_state"] == "down":
            text = sentences.SWITCHED_OFF
    return meaning, text % {"interface": interface or UNNAMED}


def _fields(bindings: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in bindings.items():
        for column, field in COLUMNS.items():
            if name.startswith(column + "."):
                found.setdefault(field, text)
    return found


def _ospf6(name: str, bindings: Mapping[str, str]) -> dict[str, str]:
    """Return state and router id of an OSPFv3 neighbour, which stands in the index alone."""
    if name != OSPF6_STATE:
        return {}
    for column, state in bindings.items():
        router = column.rpartition(".")[2]
        if column.startswith(OSPF6_NEIGHBOUR) and int(router) < 1 << 32:
            return {"state": state, "neighbour_router_id": str(IPv4Address(int(router)))}
    return {}


def _neighbour(fields: Mapping[str, str]) -> str | None:
    """Return how a neighbour is called; an unnumbered one has no address but 0.0.0.0."""
    for name in ("neighbour", "neighbour_router_id"):
        if fields.get(name) not in (None, "0.0.0.0"):  # noqa: S104 a value, no address to bind
            return fields[name]
    return None


def _bindings(trap: Trap) -> Iterator[tuple[str, str]]:
    """Yield names and values of a trap as text; what is no name is left out."""
    told = trap.notification
    for name, value in zip(told.names, told.values, strict=True):
        try:
            yield ber.dotted(name), _text(value)
        except MalformedError:
            continue


def _text(value: Value) -> str:
    if isinstance(value, IPv4Address):
        return str(value)
    if isinstance(value, int):
        return str(value)
    return (as_text(value) or "")[:LONGEST]
