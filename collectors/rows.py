# SPDX-License-Identifier: MIT
"""Observations and events as JSON, in the shapes of docs/contracts (poll and events of logs)."""

from datetime import datetime

from collectors.observed import (
    Neighbour,
    Observation,
    ObservedDevice,
    ObservedInterface,
    ObservedSpace,
    OspfNeighbour,
)
from collectors.snmp.session import Target
from collectors.syslog.event import Event
from tinhnet.console import Cell, Row

_TICKS_PER_S = 100


def observation_row(observation: Observation, target: Target) -> Row:
    """Return the whole document."""
    return {
        "device": device_row(observation.device, target, observation.at),
        "interfaces": [interface_row(one) for one in observation.interfaces],
        "memory": [space_row(one) for one in observation.memory],
        "storage": [space_row(one) for one in observation.storage],
        "neighbours": [neighbour_row(one) for one in observation.neighbours],
        "ospf": [ospf_row(one) for one in observation.ospf],
    }


def device_row(device: ObservedDevice, target: Target, at: datetime) -> Row:
    """Return the device's row."""
    return {
        "address": target.address,
        "port": target.port,
        "at": at.isoformat(),
        "name": device.name,
        "description": device.description,
        "object_id": device.object_id,
        "contact": device.contact,
        "location": device.location,
        "uptime_s": _seconds(device.uptime_ticks),
        "engine_uptime_s": device.engine_uptime_s,
        "router_id": device.router_id,
    }


def interface_row(one: ObservedInterface) -> Row:
    """Return an interface's row."""
    return {
        "index": one.index,
        "name": one.name,
        "description": one.description,
        "alias": one.alias,
        "type": one.type,
        "mtu": one.mtu,
        "speed_bps": one.speed_bps,
        "admin_status": one.admin_status,
        "oper_status": one.oper_status,
        "last_change_s": _seconds(one.last_change_ticks),
        "discontinuity_s": _seconds(one.discontinuity_ticks),
        "counter_bits": one.bits,
        "in_octets": one.in_octets,
        "out_octets": one.out_octets,
        "in_packets": one.in_packets,
        "out_packets": one.out_packets,
        "in_errors": one.in_errors,
        "out_errors": one.out_errors,
        "in_discards": one.in_discards,
        "out_discards": one.out_discards,
    }


def space_row(one: ObservedSpace) -> Row:
    """Return a row of memory or storage; used_ratio is None for an empty or unknown size."""
    ratio = (
        one.used_bytes / one.total_bytes if one.total_bytes and one.used_bytes is not None else None
    )
    return {
        "name": one.name,
        "kind": one.kind,
        "total_bytes": one.total_bytes,
        "used_bytes": one.used_bytes,
        "used_ratio": None if ratio is None else round(ratio, 4),
    }


def neighbour_row(one: Neighbour) -> Row:
    """Return a neighbour's row."""
    return {
        "protocol": one.protocol,
        "interface": one.interface,
        "id": one.id,
        "name": one.name,
        "address": one.address,
        "port": one.port,
        "state": one.state,
        "is_up": one.is_up,
    }


def ospf_row(one: OspfNeighbour) -> Row:
    """Return an OSPF neighbour's row."""
    return {
        "router_id": one.router_id,
        "address": one.address,
        "interface": one.interface,
        "state": one.state,
        "priority": one.priority,
        "events": one.events,
        "retransmissions_queued": one.retransmissions_queued,
    }


def event_row(event: Event, line: int) -> Row:
    """Return the row of a log line; `line` counts messages from 1."""
    return {
        "line": line,
        "at": None if event.at is None else event.at.isoformat(),
        "at_is_guessed": event.at_is_guessed,
        "format": event.format,
        "facility": event.facility,
        "severity": event.severity,
        "device": event.device,
        "program": event.program,
        "process_id": event.process_id,
        "message_id": event.message_id,
        "code": event.code,
        "kind": event.kind,
        "fields": dict(event.fields),
        "structured": {name: dict(one) for name, one in event.structured.items()},
        "message": event.message,
        "fault": event.fault,
        "raw": event.raw,
    }


def _seconds(ticks: int | None) -> Cell:
    return None if ticks is None else ticks / _TICKS_PER_S
