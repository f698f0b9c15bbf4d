# SPDX-License-Identifier: MIT
"""Taking over what probe agents tell, over TLS; the other end of `collectors.agent.report`."""

import asyncio
import hmac
import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import pydantic

from collectors.listen.part import part

LONGEST_LINE = 1 << 20
HELLO_S = 10.0
SILENCE_S = 120.0
TOKEN_LENGTH = 16
"""Shortest token; a shorter one is a mistake in a file, not a secret."""


class Hello(pydantic.BaseModel, extra="forbid", frozen=True):
    """Who an agent says it is; `boot` tells one run of it from the next."""

    format: Literal[1]
    agent: str = pydantic.Field(max_length=200)
    token: str = pydantic.Field(max_length=200)
    boot: str = pydantic.Field(pattern=r"^[0-9a-f]{16}$")


class Told(pydantic.BaseModel, extra="forbid", frozen=True):
    """One message: its number, what its rows are, the rows, and rows the agent had to drop."""

    n: int = pydantic.Field(ge=1)
    kind: str = pydantic.Field(pattern=r"^[a-z_]{1,32}$")
    rows: list[list[str | float | None]] = pydantic.Field(max_length=5000)
    left_out: int = pydantic.Field(ge=0)


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent that has proved who it is, and where its connection comes from."""

    name: str
    boot: str
    address: str


Take = Callable[[Agent, Told], None]
"""Takes a message over; when it returns, the message is answered and not sent again.

Raises OSError when it cannot: the agent then sends it again.  After a restart
of the collector a message that was stored and not yet answered comes again.
"""


class Agents:
    """Listens for agents until closed.  `tokens` is agent to token, read at each connection.

    `refused` counts connections that did not prove themselves or broke the
    form.  Raises OSError from `open` when the port may not be taken.
    """

    def __init__(self, take: Take, tokens: Callable[[], Mapping[str, str]]) -> None:
        self._take = take
        self._tokens = tokens
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._have: dict[str, tuple[str, int]] = {}
        self._writers: dict[str, asyncio.StreamWriter] = {}
        self.port = 0
        self.refused = 0

    async def open(self, host: str, port: int, tls: ssl.SSLContext) -> Self:
        """Take the port."""
        self._server = await asyncio.start_server(
            self._serve, host, port, ssl=tls, ssl_handshake_timeout=HELLO_S, limit=LONGEST_LINE
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def look(self, agent: str, names: Sequence[str]) -> bool:
        """Ask an agent to look at these targets now; False when it has no connection.

        To be called in the loop's own thread.
        """
        writer = self._writers.get(agent)
        if writer is None or writer.is_closing():
            return False
        writer.write(json.dumps({"look": list(names)}, separators=(",", ":")).encode() + b"\n")
        return True

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
        try:
            hello = Hello.model_validate_json(await asyncio.wait_for(reader.readline(), HELLO_S))
            if not self._knows(hello):
                self.refused += 1
                return
            agent = Agent(hello.agent, hello.boot, str(writer.get_extra_info("peername")[0]))
            await self._answer(writer, self._had(agent))
            self._writers[agent.name] = writer
            while (line := await asyncio.wait_for(reader.readline(), SILENCE_S)).endswith(b"\n"):
                told = Told.model_validate_json(line)
                if told.n > self._had(agent):
                    self._take(agent, told)
                    self._have[agent.name] = (agent.boot, told.n)
                await self._answer(writer, told.n)
        except (pydantic.ValidationError, ValueError):
            self.refused += 1
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # the agent sends again what was not answered
        finally:
            if task is not None:
                self._open.discard(task)
            for name in [one for one, mine in self._writers.items() if mine is writer]:
                del self._writers[name]
            await part(writer)

    def _had(self, agent: Agent) -> int:
        """Return the highest number taken over from this run of the agent."""
        boot, number = self._have.get(agent.name, ("", 0))
        return number if boot == agent.boot else 0

    def _knows(self, hello: Hello) -> bool:
        known = self._tokens().get(hello.agent, "")
        is_right = hmac.compare_digest(known.encode(), hello.token.encode())
        return is_right and len(known) >= TOKEN_LENGTH

    @staticmethod
    async def _answer(writer: asyncio.StreamWriter, have: int) -> None:
        writer.write(b'{"have":%d}\n' % have)
        await writer.drain()
