# SPDX-License-Identifier: MIT
"""Reads what Debian's node_exporter tells of each server and SNMP does not."""

import asyncio
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from math import isfinite
from threading import Event as Flag

from prometheus_client.parser import text_string_to_metric_families

from collectors.checks.plan import NTP
from collectors.part import Part, Sink
from collectors.polling.rounds import Rounds
from tinhnet.context import Context
from tinhnet.logs import log_of
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.store.series.sample import Sample, series_of

PORT = 9100
PERIOD_S = 30.0
PATIENCE_S = 5.0
LONGEST = 4 << 20
PIECE = 1 << 16
QUESTION = "GET /metrics HTTP/1.0\r\nHost: {host}\r\nAccept: text/plain\r\n\r\n"
"""By HTTP 1.0 an answer comes in one piece and ends with the connection."""
FIRST_LINE = re.compile(rb"HTTP/1\.[01] (\d{3}) ?([^\r\n]*)\r\n")
WORKS = 200
OFFSET, LOAD, IS_SYNCHRONISED = (
    "node_timex_offset_seconds",
    "node_load1",
    "node_timex_sync_status",
)
CLOCK = "clock_offset_s"
WANTED = {OFFSET: CLOCK, LOAD: "device_load"}
"""What is taken, and what it is called here."""
SIZE, FREE = "node_filesystem_size_bytes", "node_filesystem_avail_bytes"
OVERLAY = "overlay"
"""The one kind of file system with a disk behind it that net-snmp leaves out."""
READ = (*WANTED, IS_SYNCHRONISED, SIZE, FREE)

log = log_of("node_exporter")


class ScrapeError(Exception):
    """An exporter gave nothing that can be read; the message says what."""


class Scraping:
    """The part that reads exporters; of `timed` devices somebody else reads the clock."""

    def __init__(
        self,
        context: Context,
        targets: Mapping[str, tuple[str, int]],
        sink: Sink,
        timed: Collection[str] = (),
        period_s: float = PERIOD_S,
    ) -> None:
        self._context = context
        self._targets = targets
        self._sink = sink
        self._timed = timed
        self._silent: set[str] = set()
        self._rounds = Rounds(targets, self._read, period_s)

    def look(self, things: Sequence[str]) -> Sequence[str]:
        """Ask nothing sooner: whether a server works is not judged by its exporter."""
        del things
        return ()

    def run(self, stop: Flag) -> None:
        """Read every exporter once a period until `stop` is set."""
        self._rounds.run(stop)

    async def _read(self, device: str) -> bool:
        at = self._context.now
        try:
            samples = list(samples_of(device, await scrape(*self._targets[device]), at))
        except ScrapeError as error:
            if device not in self._silent:
                log.warning("scrape_failed", device=device, error=str(error))
            self._silent.add(device)
            return False
        if device in self._silent:
            log.info("scrape_works_again", device=device)
        self._silent.discard(device)
        is_timed = device in self._timed
        self._sink.samples([one for one in samples if not (is_timed and one.series.name == CLOCK)])
        return True


async def scrape(address: str, port: int) -> str:
    """Return what an exporter says.  Raises ScrapeError."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            octets = await _fetch(address, port)
    except TimeoutError as error:
        raise ScrapeError(f"{address}:{port} did not answer within {PATIENCE_S:g} s") from error
    except OSError as error:
        raise ScrapeError(f"{address}:{port}: {error}") from error
    if len(octets) > LONGEST:
        raise ScrapeError(f"{address}:{port} says more than {LONGEST} bytes")
    first = FIRST_LINE.match(octets)
    head, gap, body = octets.partition(b"\r\n\r\n")
    if first is None or not gap or b"transfer-encoding:" in head.lower():
        raise ScrapeError(f"{address}:{port} does not answer by HTTP 1.0")
    if int(first[1]) != WORKS:
        reason = first[2].decode(errors="replace")
        raise ScrapeError(f"{address}:{port} answers {int(first[1])} {reason}")
    if not body.endswith(b"\n"):
        raise ScrapeError(f"{address}:{port} broke off in the middle of a line")
    return body.decode(errors="replace")


async def _fetch(address: str, port: int) -> bytes:
    """Return everything a server says until it closes, or LONGEST and some of it."""
    reader, writer = await asyncio.open_connection(address, port)
    try:
        writer.write(QUESTION.format(host=address).encode())
        found = bytearray()
        while len(found) <= LONGEST and (piece := await reader.read(PIECE)):
            found += piece
        return bytes(found)
    finally:
        writer.transport.abort()


def samples_of(device: str, text: str, at: datetime) -> Iterator[Sample]:
    """Yield what is wanted of an exposition (Prometheus text format).  Raises ScrapeError.

    A clock that nobody disciplines has no offset, whatever number stands there.
    """
    try:
        families = text_string_to_metric_families(_lines_of(text))
        told = [one for family in families for one in family.samples]
    except (ValueError, KeyError, IndexError) as error:
        raise ScrapeError(f"{device}: no exposition: {error}") from error
    values = {one.name: one.value for one in told}
    if values.get(IS_SYNCHRONISED) == 0:
        values.pop(OFFSET, None)
    for word, name in WANTED.items():
        value = values.get(word)
        if value is not None and isfinite(value):
            value = abs(value) if word == OFFSET else value
            yield Sample(series_of(name, device=device), at, value)
    spaces = {
        (one.name, one.labels["mountpoint"]): one.value
        for one in told
        if one.labels.get("fstype") == OVERLAY and "mountpoint" in one.labels
    }
    for (word, mount), size in spaces.items():
        free = spaces.get((FREE, mount))
        if word == SIZE and free is not None and 0 <= free <= size and size > 0:
            series = series_of("storage_used_ratio", device=device, mount=mount)
            yield Sample(series, at, 1 - free / size)


def _lines_of(text: str) -> str:
    """Keep the lines that are read: parsing all thousand takes 20 ms."""
    return "".join(f"{one}\n" for one in text.split("\n") if one.startswith(READ))


def make(context: Context, network: DeclaredNetwork, sink: Sink) -> Part:
    """Return the part for the servers of the declared network."""
    targets = {
        one.id: (str(one.management4), PORT)
        for one in network.devices.values()
        if one.role == "server"
    }
    timed = {one.server for one in network.services.values() if one.check.kind == NTP}
    return Scraping(context, targets, sink, timed)


PART = make
