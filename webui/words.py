# SPDX-License-Identifier: MIT
"""The product's enumerations as people read them: label, tone and icon of each."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import LazyString, lazy_gettext


@dataclass(frozen=True, slots=True)
class Word:
    """How one value of an enumeration is shown: never by colour alone.

    `tone` is a class of noc.css (good, changed, bad, lost, idle, back) and
    `icon` a symbol of the sprite.
    """

    label: LazyString | str
    tone: str = ""
    icon: str = ""


RESULTS = {  # the six words of the product, and two for devices of a job that runs
    "ok": Word(lazy_gettext("OK, unchanged"), "good", "circle-check"),
    "changed": Word(lazy_gettext("changed"), "changed", "circle-dot"),
    "failed": Word(lazy_gettext("failed"), "bad", "octagon-x"),
    "unreachable": Word(lazy_gettext("unreachable"), "lost", "unplug"),
    "not_attempted": Word(lazy_gettext("not attempted"), "idle", "circle-dashed"),
    "rolled_back": Word(lazy_gettext("rolled back"), "back", "undo-2"),
    "running": Word(lazy_gettext("in progress"), "changed", "loader"),
    "waiting": Word(lazy_gettext("not yet begun"), "idle", "clock"),
}

TASKS = {  # Ansible's words for one task on one device
    "ok": Word(lazy_gettext("OK, unchanged"), "good", "circle-check"),
    "changed": Word(lazy_gettext("changed"), "changed", "circle-dot"),
    "failed": Word(lazy_gettext("failed"), "bad", "octagon-x"),
    "unreachable": Word(lazy_gettext("unreachable"), "lost", "unplug"),
    "skipped": Word(lazy_gettext("skipped"), "idle", "skip-forward"),
}

JOB_STATES = {
    "waiting": Word(lazy_gettext("waiting"), "idle", "clock"),
    "running": Word(lazy_gettext("running"), "changed", "loader"),
    "succeeded": Word(lazy_gettext("succeeded"), "good", "circle-check"),
    "failed": Word(lazy_gettext("failed"), "bad", "octagon-x"),
    "cancelled": Word(lazy_gettext("cancelled"), "lost", "ban"),
    "interrupted": Word(lazy_gettext("interrupted"), "lost", "triangle-alert"),
}

RISKS = {
    "read": Word(lazy_gettext("reads only"), "good", "eye"),
    "change": Word(lazy_gettext("changes devices"), "lost", "wrench"),
    "danger": Word(lazy_gettext("dangerous"), "bad", "octagon-x"),
}

PROOFS = {
    "proven": Word(lazy_gettext("proven"), "good", "circle-check"),
    "failed": Word(lazy_gettext("failed"), "bad", "octagon-x"),
    "unreachable": Word(lazy_gettext("unreachable"), "lost", "triangle-alert"),
    "stale": Word(lazy_gettext("changed since proven"), "changed", "circle-dot"),
    "none": Word(lazy_gettext("declared only"), "idle", "circle-dashed"),
}

SITE_KINDS = {
    "data-centre": Word(lazy_gettext("data centre"), icon="server"),
    "agency": Word(lazy_gettext("agency"), icon="building-2"),
    "district": Word(lazy_gettext("district"), icon="landmark"),
    "commune": Word(lazy_gettext("commune"), icon="house"),
    "province": Word(lazy_gettext("province"), icon="landmark"),
    "external": Word(lazy_gettext("outside network"), icon="globe"),
}

DEVICE_ROLES = {
    "core": Word(lazy_gettext("core router"), icon="network"),
    "firewall": Word(lazy_gettext("firewall"), icon="shield"),
    "edge": Word(lazy_gettext("edge router"), icon="globe"),
    "cpe": Word(lazy_gettext("site router"), icon="router"),
    "server": Word(lazy_gettext("server"), icon="server"),
    "pc": Word(lazy_gettext("site PC"), icon="monitor"),
    "controller": Word(lazy_gettext("controller"), icon="terminal"),
    "external": Word(lazy_gettext("outside device"), icon="globe"),
}

GROUPS = {
    "routers": Word(lazy_gettext("routers"), icon="router"),
    "servers": Word(lazy_gettext("servers"), icon="server"),
    "pcs": Word(lazy_gettext("site PCs"), icon="monitor"),
    "cpe": Word(lazy_gettext("site routers"), icon="router"),
    "core": Word(lazy_gettext("core routers"), icon="network"),
    "firewall": Word(lazy_gettext("firewall"), icon="shield"),
    "edge": Word(lazy_gettext("edge router"), icon="globe"),
}

LINK_ROLES = {
    "primary": Word(lazy_gettext("primary")),
    "backup": Word(lazy_gettext("backup")),
    "core": Word(lazy_gettext("core")),
}

LINK_KINDS = {
    "circuit": Word(lazy_gettext("circuit"), icon="cable"),
    "patch": Word(lazy_gettext("patch cable"), icon="plug"),
}

INTERFACE_KINDS = {
    "loopback": Word(lazy_gettext("loopback")),
    "circuit": Word(lazy_gettext("circuit")),
    "patch": Word(lazy_gettext("patch cable")),
    "lan": Word(lazy_gettext("LAN")),
}

ROLES = {
    "viewer": Word(lazy_gettext("viewer"), icon="eye"),
    "operator": Word(lazy_gettext("operator"), icon="monitor"),
    "engineer": Word(lazy_gettext("engineer"), icon="wrench"),
    "approver": Word(lazy_gettext("approver"), icon="badge-check"),
    "security": Word(lazy_gettext("security"), icon="shield"),
    "admin": Word(lazy_gettext("administrator"), icon="key-round"),
}

ALERT_STATES = {
    "firing": Word(lazy_gettext("firing"), "bad", "octagon-x"),
    "acknowledged": Word(lazy_gettext("acknowledged"), "changed", "user"),
    "silenced": Word(lazy_gettext("silenced"), "idle", "ban"),
    "pending": Word(lazy_gettext("pending"), "idle", "clock"),
    "resolved": Word(lazy_gettext("resolved"), "good", "circle-check"),
}

SEVERITIES = {
    "critical": Word(lazy_gettext("critical"), "bad", "octagon-x"),
    "high": Word(lazy_gettext("high"), "lost", "triangle-alert"),
    "medium": Word(lazy_gettext("medium"), "changed", "diamond"),
    "low": Word(lazy_gettext("low"), "idle", "circle-dot"),
    "info": Word(lazy_gettext("information"), "idle", "info"),
}

ENTRIES = {  # lines of an alert's timeline
    "pending": Word(lazy_gettext("the condition holds"), icon="clock"),
    "firing": Word(lazy_gettext("fired"), "bad", "octagon-x"),
    "resolved": Word(lazy_gettext("resolved"), "good", "circle-check"),
    "acknowledged": Word(lazy_gettext("acknowledged"), "changed", "user"),
    "released": Word(lazy_gettext("acknowledgement taken back"), icon="undo-2"),
    "acknowledgement_lapsed": Word(lazy_gettext("acknowledgement lapsed"), "lost", "clock"),
    "silenced": Word(lazy_gettext("silenced"), "idle", "ban"),
    "unsilenced": Word(lazy_gettext("no longer silenced"), icon="eye"),
    "explains": Word(lazy_gettext("explains"), icon="workflow"),
    "note": Word(lazy_gettext("note"), icon="file-text"),
    "told": Word(lazy_gettext("told"), icon="activity"),
}

THINGS = {  # kinds of things of the graph
    "device": Word(lazy_gettext("device"), icon="router"),
    "link": Word(lazy_gettext("circuit"), icon="cable"),
    "service": Word(lazy_gettext("service"), icon="server"),
    "site": Word(lazy_gettext("site"), icon="landmark"),
    "network": Word(lazy_gettext("network"), icon="network"),
}

WINDOWS = {
    "silence": Word(lazy_gettext("silence"), "idle", "ban"),
    "maintenance": Word(lazy_gettext("maintenance"), "changed", "wrench"),
}

OPENINGS = {
    "open": Word(lazy_gettext("open now"), "changed", "circle-dot"),
    "lapsing": Word(lazy_gettext("about to lapse"), "lost", "clock"),
    "next": Word(lazy_gettext("planned"), "idle", "clock"),
    "past": Word(lazy_gettext("over"), "idle", "check"),
    "lifted": Word(lazy_gettext("lifted"), "idle", "undo-2"),
}

EVENTS = {  # kinds of events; others are shown as they are
    "interface_down": Word(lazy_gettext("interface down")),
    "interface_up": Word(lazy_gettext("interface up")),
    "ospf_neighbour_down": Word(lazy_gettext("OSPF neighbour lost")),
    "ospf_neighbour_up": Word(lazy_gettext("OSPF neighbour back")),
    "bfd_down": Word(lazy_gettext("BFD session down")),
    "bfd_up": Word(lazy_gettext("BFD session up")),
    "login": Word(lazy_gettext("login")),
    "login_failed": Word(lazy_gettext("login failed")),
    "config_changed": Word(lazy_gettext("configuration changed")),
    "service_failed": Word(lazy_gettext("service failed")),
    "disk_full": Word(lazy_gettext("disk full")),
    "clock_step": Word(lazy_gettext("clock was set")),
    "restart": Word(lazy_gettext("restart")),
    "flood": Word(lazy_gettext("too many messages")),
    "log": Word(lazy_gettext("log line")),
}

SOURCES = {
    "syslog": Word(lazy_gettext("log")),
    "trap": Word(lazy_gettext("SNMP trap")),
    "probe": Word(lazy_gettext("probe")),
    "poll": Word(lazy_gettext("SNMP poll")),
    "job": Word(lazy_gettext("job")),
    "product": Word("tinhnet"),
}

LEAST = {
    "high": Word(lazy_gettext("high or worse")),
    "medium": Word(lazy_gettext("medium or worse")),
    "low": Word(lazy_gettext("low or worse")),
}

STANDINGS = {  # how a thing stands
    "up": Word(lazy_gettext("up"), "good", "circle-check"),
    "degraded": Word(lazy_gettext("degraded"), "lost", "triangle-alert"),
    "down": Word(lazy_gettext("down"), "bad", "octagon-x"),
    "unknown": Word(lazy_gettext("unknown"), "idle", "circle-help"),
    "maintenance": Word(lazy_gettext("maintenance"), "changed", "wrench"),
}

ACTIONS = {
    "job.launch": Word(lazy_gettext("launched")),
    "job.cancel": Word(lazy_gettext("cancelled")),
    "job.start": Word(lazy_gettext("began")),
    "job.end": Word(lazy_gettext("ended")),
    "first.offer": Word(lazy_gettext("printed the code of")),
    "first.accept": Word(lazy_gettext("made the first administrator:")),
    "first.refuse": Word(lazy_gettext("was refused at")),
    "user.add": Word(lazy_gettext("added")),
    "user.password": Word(lazy_gettext("replaced the password of")),
    "user.enable": Word(lazy_gettext("enabled")),
    "user.disable": Word(lazy_gettext("disabled")),
    "user.roles": Word(lazy_gettext("changed the roles of")),
    "token.create": Word(lazy_gettext("made")),
    "token.revoke": Word(lazy_gettext("revoked")),
    "session.end": Word(lazy_gettext("ended sessions of")),
    "login.accept": Word(lazy_gettext("signed in")),
    "login.refuse": Word(lazy_gettext("was refused at the login")),
    "logout": Word(lazy_gettext("signed out")),
    "access.deny": Word(lazy_gettext("was refused")),
    "alert.acknowledge": Word(lazy_gettext("acknowledged")),
    "alert.release": Word(lazy_gettext("released")),
    "alert.note": Word(lazy_gettext("wrote a note on")),
    "ticket.keep": Word(lazy_gettext("kept the carrier's ticket of")),
    "window.open": Word(lazy_gettext("opened")),
    "window.lift": Word(lazy_gettext("lifted")),
    "shift.give": Word(lazy_gettext("handed over")),
    "shift.take": Word(lazy_gettext("took over")),
    "display.pair": Word(lazy_gettext("paired")),
    "display.revoke": Word(lazy_gettext("revoked")),
    "map.arrange": Word(lazy_gettext("arranged")),
    "map.reset": Word(lazy_gettext("laid out anew")),
    "duty.add": Word(lazy_gettext("put into the calendar:")),
    "duty.remove": Word(lazy_gettext("took out of the calendar:")),
    "notify.test": Word(lazy_gettext("sent a test to")),
    "secret.set": Word(lazy_gettext("set")),
}

DELIVERIES = {
    "waiting": Word(lazy_gettext("waiting"), "idle", "clock"),
    "retry": Word(lazy_gettext("tried again"), "lost", "refresh-cw"),
    "delivered": Word(lazy_gettext("delivered"), "good", "circle-check"),
    "refused": Word(lazy_gettext("refused"), "bad", "octagon-x"),
    "given_up": Word(lazy_gettext("given up"), "bad", "octagon-x"),
    "dropped": Word(lazy_gettext("not sent"), "idle", "ban"),
}

VERDICTS = {
    "up": Word(lazy_gettext("up"), "good", "circle-check"),
    "down": Word(lazy_gettext("down"), "bad", "octagon-x"),
    "unknown": Word(lazy_gettext("unknown"), "idle", "circle-help"),
    "planned": Word(lazy_gettext("planned"), "changed", "wrench"),
}

TABLES = {
    "action": ACTIONS,
    "result": RESULTS,
    "task": TASKS,
    "job": JOB_STATES,
    "proof": PROOFS,
    "risk": RISKS,
    "site": SITE_KINDS,
    "device": DEVICE_ROLES,
    "group": GROUPS,
    "link_role": LINK_ROLES,
    "link": LINK_KINDS,
    "interface": INTERFACE_KINDS,
    "role": ROLES,
    "alert": ALERT_STATES,
    "severity": SEVERITIES,
    "entry": ENTRIES,
    "thing": THINGS,
    "window": WINDOWS,
    "standing": STANDINGS,
    "opening": OPENINGS,
    "delivery": DELIVERIES,
    "verdict": VERDICTS,
    "event": EVENTS,
    "source": SOURCES,
    "least": LEAST,
}


def choices(table: str, values: Iterable[str] | None = None) -> list[tuple[str, LazyString | str]]:
    """Return values with their labels, each once; every value of the table where none are given."""
    wanted = TABLES[table] if values is None else values
    return [(value, word(table, value).label) for value in dict.fromkeys(wanted)]


def word(table: str, value: str) -> Word:
    """Return how `value` is shown; a value that no table knows is shown as it is."""
    return TABLES[table].get(value) or Word(value)
