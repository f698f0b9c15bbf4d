# SPDX-License-Identifier: MIT
"""Where agents report: a TLS listener with a certificate of the province's own authority."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from threading import Event as Flag

from collectors.agent.proof import Proof
from collectors.collect.reports import Reports
from collectors.listen.agents import Agents
from tinhnet.agents import COLLECTOR, SECRET, SIX, collector_name, collector_of, runs_agent
from tinhnet.context import Context
from tinhnet.errors import TinhnetError
from tinhnet.logs import log_of
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.pki import Distribution, Pki

LOOK_S = 0.2
RENEW_S = 86_400.0
KIND = "link:"

log = log_of("collect")


class GateError(TinhnetError):
    """Agents cannot report here."""


class Gate:
    """Part of the collect worker; what agents may be asked to look at goes back through it."""

    def __init__(self, context: Context, network: DeclaredNetwork, reports: Reports) -> None:
        self._context = context
        self._network = network
        self._agents = Agents(reports.take, self._tokens)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def port(self) -> int:
        """The port that was taken, 0 before."""
        return self._agents.port

    def run(self, stop: Flag) -> None:
        """Listen until `stop`."""
        asyncio.run(self._serve(stop))

    def look(self, things: Sequence[str]) -> Sequence[str]:
        """Ask the agents at both ends of these links to look."""
        mine = [thing for thing in things if thing.removeprefix(KIND) in self._network.links]
        wanted: dict[str, list[str]] = {}
        for thing in mine:
            link = self._network.links[thing.removeprefix(KIND)]
            for end in (link.a.device, link.b.device):
                if runs_agent(self._network, end):
                    wanted.setdefault(end, []).extend((link.id, link.id + SIX))
        if self._loop is not None and wanted:
            self._loop.call_soon_threadsafe(self._ask, wanted)
        return mine

    def _ask(self, wanted: Mapping[str, Sequence[str]]) -> None:
        for agent, names in wanted.items():
            self._agents.look(agent, names)

    async def _serve(self, stop: Flag) -> None:
        host, port = self._where()
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._certify(tls)
        try:
            await self._agents.open(host, port, tls)
        except OSError as error:
            raise GateError(
                f"agents cannot report to {host} port {port}: {error.strerror}",
                "collect.agents_host and collect.agents_port say where to listen",
            ) from error
        log.info("agents_awaited", host=host, port=self.port)
        self._loop = loop = asyncio.get_running_loop()
        certified = loop.time()
        try:
            while not stop.is_set():
                await asyncio.sleep(LOOK_S)
                if loop.time() - certified > RENEW_S:
                    self._certify(tls)
                    certified = loop.time()
        finally:
            self._loop = None
            await self._agents.close()

    def _where(self) -> tuple[str, int]:
        settings = self._context.config.collect
        device = collector_of(self._network)
        host = settings.agents_host or (str(device.management4) if device else "127.0.0.1")
        return host, settings.agents_port

    def _certify(self, tls: ssl.SSLContext) -> None:
        """Load the collector's certificate, issued anew when that is due."""
        device = collector_of(self._network)
        both = (device.management4, device.management6) if device else ()
        addresses = [one for one in both if one is not None]
        name = collector_name(self._network)
        issued = self._pki().server(COLLECTOR, [name], addresses)
        Proof(issued.certificate_pem, issued.key.value).load(tls)

    def _pki(self) -> Pki:
        network = self._network
        name = next(
            (one.name for one in network.services.values() if one.check.kind == "ocsp"),
            f"pki.{network.province.domain}",
        )
        where = Distribution(f"http://{name}/ocsp", f"http://{name}/crl.der")
        context = self._context
        return Pki(
            context.config.state, context.secrets, where, network.province.name_vi, context.clock
        )

    def _tokens(self) -> Mapping[str, str]:
        """Return the token of every agent that may report."""
        store = self._context.secrets
        return {
            name.removeprefix(SECRET): store.read(name).value
            for name in store.names()
            if name.startswith(SECRET)
        }
