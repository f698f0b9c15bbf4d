# SPDX-License-Identifier: MIT
"""Structured logs on standard error: an event name and fields, one line per unit of work."""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Protocol, cast

import structlog

from tinhnet.settings import LogsConfig

Field = str | int | float | bool | None


class Log(Protocol):
    """What the rooms use of a logger."""

    def debug(self, event: str, **fields: Field) -> None:
        """Say something only a developer wants."""
        ...

    def info(self, event: str, **fields: Field) -> None:
        """Say what an operator would want at 3 a.m."""
        ...

    def warning(self, event: str, **fields: Field) -> None:
        """Say what will need somebody soon."""
        ...

    def error(self, event: str, **fields: Field) -> None:
        """Say what needs somebody now."""
        ...


def set_up_logs(settings: LogsConfig, mask: Callable[[str], str]) -> None:
    """Write JSON, or text on a terminal; every value goes through `mask`."""
    as_text = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())

    def masked(
        logger: object, method: str, event: MutableMapping[str, object]
    ) -> MutableMapping[str, object]:
        del logger, method
        return {key: mask(one) if isinstance(one, str) else one for key, one in event.items()}

    renderer = (
        structlog.dev.ConsoleRenderer()
        if as_text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            masked,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def log_of(room: str) -> Log:
    """Return the logger of a room."""
    return cast("Log", structlog.get_logger(room=room))  # structlog's own type allows anything
