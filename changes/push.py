# SPDX-License-Identifier: MIT
"""One device, one session: compare with the intent, and change it when it may."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from changes import agent
from changes.credentials import credentials_for
from changes.device import Access, SessionLostError, access_of, session
from changes.drivers import frr
from changes.drivers.frr_device.talk import Answer, Request
from changes.intent import province
from changes.mask import mask
from changes.render import render
from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device
from tinhnet.secrets import SecretStore

LOCK_S = 5.0
"""Seconds to wait for another run on the same device before naming it and giving up."""
REPORT_S = 60.0
"""Seconds that a device gets to end a change whose session dropped."""
TRIES = 2
"""Times a device is asked when the session is lost before it began a change."""


class ChangeRefusedError(TinhnetError):
    """The device refused the change; what runs on it is what ran before."""


@dataclass(frozen=True, slots=True)
class SectionDiff:
    """One section before and after, secrets masked."""

    section: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one device came out: a result word of the product, the masked diff, what was kept."""

    result: str
    diffs: tuple[SectionDiff, ...]
    residue: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: look or change, and by whom.

    `bare` takes the configuration away; `without` is a site whose circuits are left out.
    """

    check: bool
    who: str
    bare: bool = False
    without: str | None = None


def without_site(network: DeclaredNetwork, site: str) -> DeclaredNetwork:
    """Return the network as if no other site had a circuit to this one."""
    gone = {device.id for device in network.devices_of(site)}
    devices = {
        device.id: replace(
            device,
            interfaces=tuple(
                face
                for face in device.interfaces
                if device.id in gone or face.peer_device not in gone
            ),
        )
        for device in network.devices.values()
    }
    networks = {name: one for name, one in network.networks.items() if one.site != site}
    return replace(network, devices=devices, networks=networks)


def configure(
    network: DeclaredNetwork, device: Device, state: Path, store: SecretStore, order: Order
) -> Outcome:
    """Bring a router to its intended configuration, or only tell the difference.

    Raises UnreachableError and its kin, ChangeRefusedError, RenderError.
    """
    if order.without is not None:
        network = without_site(network, order.without)
    credentials = credentials_for(network, device.id, store, create=not order.check)
    sections = {
        **render(network, device.id, credentials),
        "agent": agent_section(network, device, state, create=not order.check),
    }
    if order.bare:
        sections = {"accounts": sections["accounts"]}
    return push(device, access_of(state, store), store, sections, order)


def agent_section(network: DeclaredNetwork, device: Device, state: Path, *, create: bool) -> str:
    """Return the section with a router's probe agent, empty where none runs."""
    opened = province(network, state)
    return agent.section_for(network, device, opened.secrets, opened.pki, create=create)


def push(
    device: Device,
    access: Access,
    store: SecretStore,
    sections: Mapping[str, str],
    order: Order,
) -> Outcome:
    """Send rendered sections to a device."""
    token = secrets.token_hex(8)
    request: Request = {
        "mode": "plan" if order.check else "apply",
        "who": order.who,
        "token": token,
        "wait_s": LOCK_S,
        "bare": order.bare,
        "prefixes": [],
        "sections": dict(sections),
    }
    answer = _ask(device, access, request)
    return outcome_of(device.id, answer, store)


def outcome_of(device: str, answer: Answer, store: SecretStore) -> Outcome:
    """Translate a device's answer, secrets masked.

    Raises ChangeRefusedError where nothing was done.
    """
    fault = answer.get("fault")
    if fault is not None and answer["result"] == "failed":
        message = mask(fault["message"], store)
        where = f" {fault['section']}:" if fault["section"] else ""
        raise ChangeRefusedError(f"{device}:{where} {message}", _HINTS.get(fault["kind"], ""))
    notes = [mask(fault["message"], store)] if fault else []
    if "recovered" in answer:
        notes.append(answer["recovered"])
    notes += [
        f"the boot file of {name} differed from what runs"
        for name in answer["startup"]
        if name not in answer["sections"]
    ]
    diffs = tuple(
        SectionDiff(name, _shown(name, one["before"], store), _shown(name, one["after"], store))
        for name, one in answer["sections"].items()
    )
    residue = tuple(
        f"{name}: {mask(line, store)}"
        for name, lines in answer["residue"].items()
        for line in lines
    )
    return Outcome(answer["result"], diffs, residue, tuple(notes), answer.get("seconds", 0.0))


def _shown(section: str, text: str, store: SecretStore) -> str:
    return mask(agent.shown(text) if section == "agent" else text, store)


_HINTS: Mapping[str, str] = {
    "locked": "wait for that run to end, or end it; nothing was changed",
    "refused": "nothing was changed; correct the declared network or the template",
    "system": "nothing was changed; look at the device's disk and memory",
    "lost": "run it again",
    "unproved": "look at the device's console; the next run tries to restore it",
}


def _ask(device: Device, access: Access, request: Request) -> Answer:
    """Ask the device, again where a session was lost before anything began.

    A session crosses the routing that is being changed, so losing one is
    ordinary; asking again is harmless as long as the device did nothing.
    """
    for left in reversed(range(TRIES)):
        try:
            with session(device, access) as opened:
                return frr.ask(opened, request)
        except SessionLostError as lost:
            if request["mode"] == "plan":
                if left == 0:
                    raise SessionLostError(f"{device.id}: {lost.message}", lost.hint) from lost
                continue
            answer = _report(device, access, request, lost)
            fault = answer.get("fault")
            if left == 0 or fault is None or fault["kind"] != "lost":
                return answer
    raise AssertionError("unreachable: the last try returns or raises")


def _report(device: Device, access: Access, request: Request, lost: SessionLostError) -> Answer:
    """Ask how a change ended whose session dropped: the device went on by itself."""
    ask: Request = {**request, "mode": "report", "sections": {}, "wait_s": REPORT_S}
    try:
        with session(device, access) as opened:
            answer = frr.ask(opened, ask)
    except (SessionLostError, TinhnetError) as error:
        raise SessionLostError(
            f"{device.id}: {lost.message}, and the device does not answer any more ({error})",
            "it ends on its old or on the proved new configuration; the next run reports which",
        ) from error
    fault = answer.get("fault")
    if fault is None:
        answer["fault"] = {"kind": "dropped", "section": "", "message": lost.message}
    return answer
