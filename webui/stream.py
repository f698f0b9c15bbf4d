# SPDX-License-Identifier: MIT
"""Answers that stay open: server-sent events as the HTML standard describes them."""

from collections.abc import Callable, Generator

from flask import Response

BEAT_S = 5.0
"""Seconds of silence before a stream speaks: only then is a closed tab noticed."""
RETRY_S = 15


def event_stream(events: Generator[str], still_here: Callable[[], bool]) -> Response:
    """Return a stream; the first event is made here, so that a refusal is still an answer.

    `still_here` is asked before every event: a session that was ended gets
    no line more, however long its page has been open.
    """
    first = next(events)
    response = Response(_resumed(first, events, still_here), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold events back
    response.headers["Cache-Control"] = "no-store"
    return response


def full() -> Response:
    """Return what a page gets when every place is taken: it polls and comes back."""
    return Response(status=503, headers={"Retry-After": str(RETRY_S)})


def event(name: str, data: str, number: int | None = None) -> str:
    """Return one event in its wire form; a line of its own for each line of data."""
    head = f"id: {number}\n" if number is not None else ""
    body = "".join(f"data: {line}\n" for line in data.split("\n"))
    return f"event: {name}\n{head}{body}\n"


def _resumed(first: str, events: Generator[str], still_here: Callable[[], bool]) -> Generator[str]:
    """Yield what was already made, then the rest; closing it closes the source."""
    try:
        yield first
        for one in events:
            if not still_here():
                return
            yield one
    finally:
        events.close()
