# SPDX-License-Identifier: MIT
"""Asks every router and server by SNMPv3, each in its own place of the period."""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from threading import Event as Flag

from collectors.observed import Observation
from collectors.part import Part, Sink
from collectors.poll import poll
from collectors.polling.measure import samples_of
from collectors.polling.rounds import Rounds
from collectors.snmp.errors import SnmpError
from collectors.snmp.session import Patience, Session, Target
from collectors.snmp.usm import User, UserSecurity
from collectors.snmp.walk import Pace
from tinhnet.context import Context
from tinhnet.errors import TinhnetError
from tinhnet.logs import log_of
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device
from tinhnet.snmp_identity import known_users

POLLED = frozenset({"frr", "debian"})
"""Platforms whose devices answer by SNMP."""
PERIOD_S = 30.0
PATIENCE = Patience(first_s=1.0, tries=3)
"""Seven seconds in all: an agent that takes five to each answer is slow, not dead."""
AUTHENTICATION = "sha256"
SALT_BITS = 63
KIND = "device:"

log = log_of("polling")


@dataclass(slots=True)
class _Known:
    """What is known of one device between two polls."""

    device: Device
    user: str = ""
    session: Session | None = None
    opened: AsyncExitStack | None = None
    pace: Pace = field(default_factory=Pace)
    last: Observation | None = None
    is_silent: bool = False


class Polling:
    """The part that polls."""

    def __init__(
        self,
        context: Context,
        devices: Sequence[Device],
        sink: Sink,
        targets: Mapping[str, Target],
        period_s: float,
    ) -> None:
        self._context = context
        self._sink = sink
        self._targets = targets
        self._known = {one.id: _Known(one) for one in devices}
        self._rounds = Rounds(self._known, self._ask, period_s, self._leave)

    def run(self, stop: Flag) -> None:
        """Poll until `stop` is set."""
        self._rounds.run(stop)

    def look(self, things: Sequence[str]) -> Sequence[str]:
        """Poll these devices now."""
        wanted = [one.removeprefix(KIND) for one in things if one.startswith(KIND)]
        return [f"{KIND}{one}" for one in self._rounds.look(wanted)]

    async def _ask(self, device_id: str) -> bool:
        known = self._known[device_id]
        try:
            now = await poll(await self._session(known), known.pace, self._context.clock)
        except (TinhnetError, OSError) as error:
            await self._forget(known)
            if not known.is_silent:
                log.warning("poll_failed", device=device_id, error=str(error))
            known.is_silent = True
            return False
        if known.is_silent:
            log.info("poll_works_again", device=device_id)
        known.is_silent = False
        self._sink.samples(list(samples_of(known.device, known.last, now)))
        known.last = now
        return True

    async def _leave(self, device_id: str) -> None:
        await self._forget(self._known[device_id])

    async def _session(self, known: _Known) -> Session:
        """Return the open session of a device; another one once its keys were rotated.

        Raises SnmpError where the device was never given a user.
        """
        users = known_users(self._context.secrets, known.device.id)
        if not users:
            raise SnmpError(
                f"{known.device.id} has no SNMPv3 user yet", "run wan.yml and datacentre.yml"
            )
        user = users[0]
        if known.session is None or known.user != user.name:
            await self._forget(known)
            given = User(user.name, AUTHENTICATION, user.auth, user.priv)
            security = UserSecurity(given, secrets.randbits(SALT_BITS))
            stack = AsyncExitStack()
            target = self._targets[known.device.id]
            session = Session(target, security, lambda: secrets.randbits(31), PATIENCE)
            known.session = await stack.enter_async_context(session)
            known.opened, known.user = stack, user.name
        return known.session

    @staticmethod
    async def _forget(known: _Known) -> None:
        if known.opened is not None:
            await known.opened.aclose()
        known.session, known.opened = None, None


def make(context: Context, network: DeclaredNetwork, sink: Sink) -> Part:
    """Return the part for the declared network."""
    devices = [
        one
        for one in network.devices.values()
        if one.platform in POLLED and one.role not in {"controller", "pc", "external"}
    ]
    targets = {one.id: Target(str(one.management4)) for one in devices}
    return Polling(context, devices, sink, targets, PERIOD_S)


PART = make
