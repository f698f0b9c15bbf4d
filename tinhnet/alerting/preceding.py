# SPDX-License-Identifier: MIT
"""What was changed shortly before an alert began: the first question of whoever gets it."""

from datetime import datetime, timedelta

from tinhnet.console import Cell
from tinhnet.model.alert import AlertRecord
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.store.engine import Transaction
from tinhnet.store.standing import Touched, changes_between

SHORTLY = timedelta(minutes=60)


def preceding(
    connection: Transaction, record: AlertRecord, network: DeclaredNetwork
) -> tuple[Touched, ...]:
    """Return the changes of the hour before an alert began, the latest first."""
    begun = begun_at(record)
    if begun is None:
        return ()
    return changes_between(connection, devices_of(record, network), begun - SHORTLY, begun)


def begun_at(record: AlertRecord) -> datetime | None:
    """Return when an alert began; of one that is over, when it fired."""
    return record.alert.since or record.alert.fired_at


def devices_of(record: AlertRecord, network: DeclaredNetwork) -> frozenset[str]:
    """Return the devices whose change may be behind an alert.

    Its own and both ends of its link; the server of a service; where it is
    about none of these, all devices of its site.
    """
    found = {record.device} if record.device else set()
    link = network.links.get(record.link or "")
    if link is not None:
        found |= {link.a.device, link.b.device}
    service = network.services.get(record.alert.thing.removeprefix("service:"))
    if service is not None:
        found.add(service.server)
    if not found and record.site:
        found = {one.id for one in network.devices.values() if one.site == record.site}
    return frozenset(found)


def touched_row(touched: Touched) -> dict[str, Cell]:
    """Return a change as plain JSON; a result is None while it is open."""
    job = touched.job
    devices: dict[str, Cell] = {
        one.device: one.result.value if one.result else None for one in touched.devices
    }
    return {
        "job": job.id,
        "playbook": job.playbook,
        "actor": job.actor,
        "purpose": job.purpose,
        "state": job.state.value,
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "ended_at": job.ended_at.isoformat() if job.ended_at else None,
        "devices": devices,
    }
