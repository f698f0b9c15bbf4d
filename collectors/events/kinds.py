# SPDX-License-Identifier: MIT
"""The words of events, and what each kind of log line becomes."""

from dataclasses import dataclass

from tinhnet.model.event import Severity

LOG = "log"
FLOOD = "flood"


@dataclass(frozen=True, slots=True)
class Meaning:
    """A kind of event and how much it matters.

    `about` is what it is a state of: an event of the same family ends what
    the one before said.
    """

    kind: str
    severity: Severity
    about: str = ""


OSPF_DOWN = Meaning("ospf_neighbour_down", Severity.HIGH, "ospf")
OSPF_UP = Meaning("ospf_neighbour_up", Severity.INFO, "ospf")
BFD_DOWN = Meaning("bfd_down", Severity.HIGH, "bfd")
BFD_UP = Meaning("bfd_up", Severity.INFO, "bfd")
INTERFACE_DOWN = Meaning("interface_down", Severity.HIGH, "interface")
INTERFACE_UP = Meaning("interface_up", Severity.INFO, "interface")
LOGIN = Meaning("login", Severity.INFO)
LOGIN_FAILED = Meaning("login_failed", Severity.LOW)
CONFIG_CHANGED = Meaning("config_changed", Severity.LOW)
SERVICE_FAILED = Meaning("service_failed", Severity.HIGH)
DISK_FULL = Meaning("disk_full", Severity.HIGH)
CLOCK_STEP = Meaning("clock_step", Severity.MEDIUM)
RESTART = Meaning("restart", Severity.MEDIUM)

LINES = {
    "ospf-neighbour-down": OSPF_DOWN,
    "ospf-neighbour-up": OSPF_UP,
    "bfd-down": BFD_DOWN,
    "bfd-up": BFD_UP,
    "link-down": INTERFACE_DOWN,
    "link-up": INTERFACE_UP,
    "login": LOGIN,
    "login-failed": LOGIN_FAILED,
    "config-changed": CONFIG_CHANGED,
    "service-failed": SERVICE_FAILED,
    "disk-full": DISK_FULL,
    "clock-step": CLOCK_STEP,
    "restarted": RESTART,
}
"""Kinds of `collectors.syslog.shapes` that are events whatever their severity."""

SEVERITIES = {
    "emergency": Severity.CRITICAL,
    "alert": Severity.CRITICAL,
    "critical": Severity.HIGH,
    "error": Severity.MEDIUM,
    "warning": Severity.LOW,
    "notice": Severity.INFO,
    "info": Severity.INFO,
    "debug": Severity.INFO,
}
"""What the severities of syslog (RFC 5424, table 2) mean to people who watch a network."""
