# SPDX-License-Identifier: MIT
"""Ending a connection so that nothing of it outlives the listener."""

import asyncio
import contextlib

GOODBYE_S = 2.0
"""Seconds that the other end gets to answer the end of TLS; then it is cut off."""


async def part(writer: asyncio.StreamWriter) -> None:
    """Close a connection, and abort it when that takes too long or cannot be done."""
    writer.close()
    try:
        with contextlib.suppress(OSError):
            await asyncio.wait_for(writer.wait_closed(), GOODBYE_S)
    except (TimeoutError, asyncio.CancelledError):
        writer.transport.abort()
