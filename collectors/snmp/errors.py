# SPDX-License-Identifier: MIT
"""What can go wrong between the product and an SNMP agent, and what to do about it."""

from tinhnet.errors import TinhnetError


class SnmpError(TinhnetError):
    """An agent was asked and nothing usable came of it."""


class MalformedError(SnmpError):
    """Bytes are not what SNMP allows; the packet they came in is dropped."""


class NoAnswerError(SnmpError):
    """An agent stayed silent through all tries."""


class RefusedError(SnmpError):
    """The address answered that nobody listens there, or cannot be reached."""


class CredentialsError(SnmpError):
    """The agent knows no such user, or does not accept this user's keys."""


class ClockError(SnmpError):
    """The agent refuses messages as too old or too new, even after its time was learnt."""


class AgentError(SnmpError):
    """The agent answered that it cannot do what was asked."""

    def __init__(self, message: str, hint: str = "", *, status: int = 0) -> None:
        super().__init__(message, hint)
        self.status = status


class EndlessError(SnmpError):
    """An agent's table has no end: its names do not increase, or it is larger than any real one."""
