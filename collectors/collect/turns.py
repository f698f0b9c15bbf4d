# SPDX-License-Identifier: MIT
"""Events of probes: a circuit or a device went down, or came back."""

from datetime import datetime

from collectors.collect.watch import Change
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.event import Event, Severity, Source
from tinhnet.model.observation import State
from tinhnet.sentences import TURNED


def event_of(change: Change, network: DeclaredNetwork, asker: str, seen_at: datetime) -> Event:
    """Return the event of a thing that broke or came back."""
    kind, _, id_ = change.thing.partition(":")
    is_down = change.now.state is State.DOWN
    link = network.links.get(id_) if kind == "link" else None
    device = id_ if kind == "device" and id_ in network.devices else None
    site = network.devices[link.a.device if link else device or ""].site if link or device else None
    return Event(
        key=f"probe/{change.thing}/{change.now.at:%Y%m%dT%H%M%S%f}/{change.now.state.value}"[-80:],
        at=change.now.at,
        seen_at=seen_at,
        source=Source.PROBE,
        kind=f"{kind}_{'down' if is_down else 'up'}",
        severity=Severity.HIGH if is_down else Severity.INFO,
        text=TURNED[kind, is_down] % {"name": id_, "why": change.now.why},
        device=device,
        link=link.id if link else None,
        site=site,
        fields={"asker": asker},
    )
