# SPDX-License-Identifier: MIT
"""The listen worker: what devices send by themselves becomes events.

Sockets stand in a thread of their own and only put what comes into an
inbox; the steps read it, decide, and write rows a few times a second.
"""

import secrets
import ssl
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Thread
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from collectors.events.lines import line_event, read_line
from collectors.events.notices import trap_event
from collectors.events.place import Places
from collectors.events.told import Gathering, Told
from collectors.listen.certificate import certify
from collectors.listen.datagrams import dropped
from collectors.listen.ears import SYSLOG, TRAPS, Ears, Ports, Takers
from collectors.listen.inbox import Inbox
from collectors.listen.syslog import Received
from collectors.listen.tally import Tally, families
from collectors.listen.traps import Trap
from collectors.listen.users import Users
from collectors.snmp.receive import Engine, Keys, Receiver
from tinhnet.context import Context
from tinhnet.errors import TinhnetError
from tinhnet.inventory import load
from tinhnet.logs import log_of
from tinhnet.metrics import leave
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.event import Event
from tinhnet.reporting import controllers_of
from tinhnet.snmp_identity import engine_id, known_users
from tinhnet.store.events import append, has_older, let_go, set_repeated
from tinhnet.worker import Identity, metrics_directory

IDLE_S = 0.5
"""How long a step waits for the first message."""
GATHER_S = 0.05
"""How long it lets others follow, so that a storm is a few writes."""
AT_ONCE = 2000
"""Messages of one step."""
MOST_UNWRITTEN = 5000
"""Events kept while the state cannot be written."""
FILES_S = 2.0
COUNTS_S = 2.0
TELL_S = 60.0
LET_GO_S = 600.0
BOOTS_SINCE = 1_577_836_800
"""2020-01-01: our engine's boots are the seconds since then, so they only ever grow."""

log = log_of("listen")
Item = Received | Trap
Signature = tuple[tuple[str, int, int], ...]


class ListenError(TinhnetError):
    """Nothing can be listened to."""


class ListenWorker:
    """Steps of the worker; `taken` are the ports that it listens on, by setting."""

    def __init__(self, context: Context, identity: Identity) -> None:
        del identity
        self._zone = _zone(context.config.listen.zone)
        self._signature = _signature(context)
        self._network = load(context.config.inventory)
        self._places = Places(self._network)
        self._engine = _engine(context, self._network)
        self._users = self._users_of(context)
        self._inbox: Inbox[Item] = Inbox()
        self._gathering = Gathering()
        self._tally = Tally()
        self._events: list[Event] = []
        self._answers: list[Trap] = []
        self._due: dict[str, float] = {}
        self._said: dict[str, int] = {}
        self._blamed: dict[str, int] = {}
        self._ears = self._begin(context)

    @property
    def taken(self) -> dict[str, int]:
        """The ports that are listened on."""
        return dict(self._ears.taken)

    def step(self, context: Context) -> float:
        """Take in what came, write what it means, and now and then tidy up."""
        if self._is_due("files", FILES_S):
            self._read_network(context)
        if not self._events and self._inbox.wait(IDLE_S):
            time.sleep(GATHER_S)
        for item in self._inbox.drain(AT_ONCE):
            self._take(context, item)
        self._write(context)
        if self._is_due("counts", COUNTS_S):
            self._count(context)
        if self._is_due("tell", TELL_S):
            self.tell()
        if self._is_due("let_go", LET_GO_S):
            self._let_go(context)
        return 0.0

    def close(self, context: Context) -> None:
        """Stop listening, then write what has come."""
        self._ears.close()
        while items := self._inbox.drain(AT_ONCE):
            for item in items:
                self._take(context, item)
            self._write(context)
        self._count(context)

    def tell(self) -> None:
        """Say what came in since the last time, and who was refused."""
        said = self._tally.fields()
        if said != self._said:
            log.info("listened", **said)
            self._said = said
        for reason, sender in self._ears.blamed.items():
            count = self._ears.refused.get(reason, 0)
            if count != self._blamed.get(reason):
                log.warning("traps_refused", reason=reason.value, count=count, last_sender=sender)
            self._blamed[reason] = count

    def _begin(self, context: Context) -> Ears:
        settings = context.config.listen
        controller = next(iter(controllers_of(self._network)), None)
        declared = str(controller.management4) if controller else "127.0.0.1"
        host = settings.host or declared
        word = None
        if settings.community_secret:
            word = context.secrets.read(settings.community_secret).value
        receiver = Receiver(self._engine, self._find, word, secrets.randbits(64))

        def tls(into: ssl.SSLContext) -> None:
            certify(into, context, self._network, controller, host)

        ports = {name: getattr(settings, name) for name in (*SYSLOG, TRAPS)}
        takers = Takers(self._inbox.put, self._inbox.put, self._knows, receiver, tls)
        ears = Ears(Ports(host, ports), takers)
        ears.open()
        Thread(target=self._users.warm, name="warm", daemon=True).start()
        return ears

    def _find(self, engine: bytes, name: str, sender: str) -> Sequence[Keys]:
        return self._users.find(engine, name, sender)

    def _knows(self, address: str) -> bool:
        return self._places.knows(address)

    def _users_of(self, context: Context) -> Users:
        devices = tuple(self._network.devices)
        known = partial(known_users, context.secrets)
        return Users(self._engine.id, devices, known, self._places.devices_at)

    def _take(self, context: Context, item: Item) -> None:
        """Turn one message into an event, a repeat, or a count."""
        found = self._read(context, item)
        if isinstance(item, Trap):
            self._answers.append(item)
        if found is None:
            return
        event = self._gathering.add(found)
        if event is None:
            return
        if len(self._events) >= MOST_UNWRITTEN:
            self._tally.refused["unwritten"] += 1
            return
        self._events.append(event)

    def _read(self, context: Context, item: Item) -> Told | None:
        """Return what a message means; a stranger's is not even read."""
        is_trap = isinstance(item, Trap)
        self._tally.traps += is_trap
        self._tally.lines += not is_trap
        device, found = None, None
        if self._places.knows(item.sender):
            device, found = self._meaning(context, item)
        if device is None:
            self._tally.refused["stranger"] += 1
        elif found is None:
            self._tally.unworthy += 1
        return found

    def _meaning(self, context: Context, item: Item) -> tuple[str | None, Told | None]:
        """Return who sent a message and what it means, each None where it is nobody's, nothing."""
        if isinstance(item, Trap):
            device = item.notification.device or self._places.sender(item.sender)
            return device, trap_event(item, device, self._places) if device else None
        line = read_line(item, self._zone)
        device = self._places.sender(item.sender, line.device)
        least = context.config.listen.severity
        return device, line_event(item, line, device, self._places, least) if device else None

    def _write(self, context: Context) -> None:
        """Write new events and counts of repeats in one transaction; then answer informs."""
        now = context.now
        for flood in self._gathering.floods(now):
            place = self._places.place(flood.device or "", None, None)
            self._events.append(replace(flood, site=place.site))
        repeats = self._gathering.repeats() if self._is_due("repeats", GATHER_S * 10) else ()
        if self._events or repeats:
            with context.store.writing() as connection:
                self._tally.events += append(connection, self._events)
                if repeats:
                    set_repeated(connection, {one.key: (one.times, one.last) for one in repeats})
            self._events = []
        for trap in self._answers:
            trap.answer()
        self._answers = []

    def _read_network(self, context: Context) -> None:
        """Take over a network whose files changed; a faulty one is told and not taken over."""
        signature = _signature(context)
        if signature == self._signature:
            return
        self._signature = signature
        network = load(context.config.inventory)
        if network.digest == self._network.digest:
            return
        self._network = network
        self._places = Places(network)
        self._users = self._users_of(context)
        Thread(target=self._users.warm, name="warm", daemon=True).start()
        log.info("network_taken_over", devices=len(network.devices))

    def _count(self, context: Context) -> None:
        self._tally.repeats = self._gathering.repeated
        lost = {
            "beyond": self._gathering.beyond,
            "inbox_full": self._inbox.lost,
            "connections": self._ears.turned_away,
            "kernel": dropped(self._ears.udp_ports),
        }
        for name, count in lost.items():
            self._tally.refused[name] = count
        packets = {reason.value: count for reason, count in self._ears.refused.items()}
        leave(metrics_directory(context), "listen-events", families(self._tally, packets))

    def _let_go(self, context: Context) -> None:
        before = context.now - timedelta(days=context.config.listen.keep_days)
        with context.store.reading() as connection:
            is_old = has_older(connection, before)
        if not is_old:
            return
        with context.store.writing() as connection:
            gone = let_go(connection, before)
        log.info("events_let_go", count=gone)

    def _is_due(self, what: str, every_s: float) -> bool:
        """Tell whether something was not done for so long, and count it as done now."""
        now = time.monotonic()
        if now - self._due.get(what, float("-inf")) < every_s:
            return False
        self._due[what] = now
        return True


def _engine(context: Context, network: DeclaredNetwork) -> Engine:
    """Return who we are to senders of informs; snmpd on the controller is somebody else."""
    controller = next(iter(controllers_of(network)), None)
    name = f"{controller.id if controller else 'tinhnet'}/listen"
    boots = int(context.now.timestamp()) - BOOTS_SINCE
    return Engine(engine_id(name), boots, time.monotonic())


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ListenError(
            f"listen.zone = {name!r}: there is no such time zone", "expected one like Asia/Bangkok"
        ) from error


def _signature(context: Context) -> Signature:
    """Return what changes when a file of the network does."""
    return tuple(
        (path.name, found.st_mtime_ns, found.st_size)
        for path in sorted(context.config.inventory.glob("*.yml"))
        for found in [path.stat()]
    )
