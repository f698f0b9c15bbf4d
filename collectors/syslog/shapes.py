# SPDX-License-Identifier: MIT
"""What messages mean, as data: which program or code, which words, which event.

A name that a stranger typed stands in the middle of many messages.  So every
shape is tied to both ends of its message, and the typed name takes all that
the true words behind it leave over: what it pretends to be stays inside it.
"""

import re
from dataclasses import dataclass

_ADDRESS = r"[0-9a-fA-F:.]{2,45}(?:%[\w.-]{1,16})?"
_NO_USER = r"(?:(?! ; USER=).)*"
_PORT = r"[\w./:-]{1,64}"


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of event: `source` is matched by program or code, `words` by the message.

    A group `state` ends the kind with "up", "down" or "changed".
    """

    kind: str
    source: re.Pattern[str]
    words: re.Pattern[str]


def _shape(kind: str, source: str, words: str) -> Shape:
    return Shape(kind, re.compile(source), re.compile(words, re.DOTALL))


SHAPES = (
    # OpenSSH
    _shape(
        "login",
        r"sshd(?:-session)?",
        rf"Accepted (?P<method>\S+) for (?P<user>.*) from (?P<source>{_ADDRESS}) port [0-9]+ ssh2"
        r"(?:: [A-Z0-9-]+ SHA256:[A-Za-z0-9+/=]+)?",
    ),
    _shape(
        "login-failed",
        r"sshd(?:-session)?",
        rf"Failed (?P<method>\S+) for (?:invalid user )?(?P<user>.*) from (?P<source>{_ADDRESS})"
        r" port [0-9]+ ssh2",
    ),
    _shape(
        "login-failed",
        r"sshd(?:-session)?",
        rf"Invalid user (?P<user>.*) from (?P<source>{_ADDRESS}) port [0-9]+",
    ),
    _shape(
        "command",
        r"sudo",
        rf" *(?P<user>\S+) : (?:TTY=\S+ ; )?PWD={_NO_USER} ; USER=(?P<as_user>\S+) ;"
        rf" COMMAND=(?P<command>{_NO_USER})",
    ),
    # a directory or an argument that looks like the rest: the user is all that is sure
    _shape("command", r"sudo", r" *(?P<user>\S+) : .* ; COMMAND=.*"),
    # Linux
    _shape(
        "link", r"kernel", rf".*?\b(?P<interface>{_PORT}): (?:NIC )?Link is (?P<state>Up|Down)\b.*"
    ),
    _shape("restarted", r"kernel", r"(?:\[ *[0-9.]+\] )?Linux version [0-9]\S* .*"),
    # systemd: only the manager of the system reaches this target
    _shape("restarted", r"systemd", r"Reached target multi-user\.target.*"),
    _shape(
        "service-failed",
        r"systemd",
        r"(?P<service>[\w@.\\:-]{1,255}): Failed with result '(?P<reason>[\w-]+)'\.",
    ),
    # what the C library says at the end of a message; a login's name never stands there
    _shape("disk-full", r"(?!sshd|sudo).*", r".*\bNo space left on device(?: \(28\))?[.\]]?"),
    # chrony
    _shape(
        "clock-step",
        r"chronyd",
        r"System clock was stepped by (?P<seconds>-?[0-9.]+) seconds.*",
    ),
    _shape("clock-step", r"chronyd", r"(?:Forward|Backward) time jump detected!.*"),
    # FRRouting 8
    _shape(
        "ospf-neighbour",
        r"ospfd|OSPF",
        rf"AdjChg: Nbr (?P<neighbour>{_ADDRESS})(?:\([^)]*\))? on (?P<interface>[\w.-]+)"
        r"(?::[0-9.]+)?: (?P<from_state>[\w-]+) -> (?P<state>[\w-]+)(?: \((?P<reason>\w+)\))?",
    ),
    _shape(
        "bfd",
        r"bfdd|BFD",
        rf"state-change: \[.*?\bpeer:(?P<neighbour>{_ADDRESS}).*\] "
        r"(?P<from_state>[\w-]+) -> (?P<state>[\w-]+)(?: reason:(?P<reason>.*))?",
    ),
    # Cisco IOS and IOS XE
    _shape(
        "link",
        r"(?:LINK-\d|LINEPROTO-\d)-UPDOWN",
        rf"(?:Line protocol on )?Interface (?P<interface>{_PORT}), changed state to"
        r" (?P<state>up|down)",
    ),
    _shape(
        "ospf-neighbour",
        r"OSPF-\d-ADJCHG",
        rf"Process \d+, Nbr (?P<neighbour>{_ADDRESS}) on (?P<interface>{_PORT})"
        r" from (?P<from_state>[\w-]+) to (?P<state>[\w-]+)(?:, (?P<reason>.*))?",
    ),
    _shape("bfd", r"BFDFSM-\d-BFD_SESS_UP", r".*is going (?P<state>UP|Up)\b.*"),
    _shape("bfd", r"BFDFSM-\d-BFD_SESS_DOWN", r".*is going (?P<state>DOWN|Down)\b.*"),
    _shape(
        "config-changed",
        r"SYS-\d-CONFIG_I",
        rf"Configured from (?P<method>\S+) by (?P<user>.*?)(?: on \S+ \((?P<source>{_ADDRESS})\))?",
    ),
    _shape(
        "login",
        r"SEC_LOGIN-\d-LOGIN_SUCCESS",
        rf"Login Success \[user: (?P<user>.*)\] \[Source: (?P<source>{_ADDRESS})\]"
        r" \[localport: \d+\] at [^\[\]]*",
    ),
    _shape(
        "login-failed",
        r"SEC_LOGIN-\d-LOGIN_FAILED",
        rf"Login failed \[user: (?P<user>.*)\] \[Source: (?P<source>{_ADDRESS})\]"
        r" \[localport: \d+\] \[Reason: (?P<reason>[^\[\]]*)\] at [^\[\]]*",
    ),
    _shape("restarted", r"SYS-\d-RESTART", r"System restarted.*"),
    # Huawei VRP
    _shape(
        "link",
        r"IFNET/\d/(?:LINK_STATE|IF_STATE)|IFPDT/\d/IF_STATE",
        rf"(?:The line protocol \S+ on the interface|Interface) (?P<interface>{_PORT})"
        r" has (?:entered|turned into) (?:the )?(?P<state>UP|DOWN) state\.?.*",
    ),
    _shape(
        "ospf-neighbour",
        r"OSPF/\d/NBR_(?:CHG_DOWN|CHANGE_[EQ])",
        rf"Neighbor .*\(.*Neighbor(?:Address|RouterId)=(?P<neighbour>{_ADDRESS}),.*"
        r"NeighborPreviousState=(?P<from_state>[\w-]+), *NeighborCurrentState=(?P<state>[\w-]+)\)",
    ),
    _shape("bfd", r"BFD/\d/STACHG_TOUP", r"BFD session changed to (?P<state>Up)\b.*"),
    _shape("bfd", r"BFD/\d/STACHG_TODWN", r"BFD session changed to (?P<state>Down)\b.*"),
    _shape(
        "login-failed",
        r"SHELL/\d/LOGIN_?FAILED",
        rf"Failed to login\. \(Ip=(?P<source>{_ADDRESS}), UserName=(?P<user>.*), Times=\d+,"
        r" AccessType=[^=]*\).*",
    ),
    _shape(
        "command",
        r"SHELL/\d/CMDRECORD",
        rf"Recorded command information\. \(Task=[^,]*, Ip=(?P<source>{_ADDRESS}), VpnName=[^,]*,"
        r" User=(?P<user>[^,]*), (?:AuthenticationMethod=\"[^\"]*\", )?"
        r"Command=\"(?P<command>.*)\"\)",
    ),
)
STATES = {"up": "up", "full": "up"} | dict.fromkeys(
    ("down", "deleted", "admindown", "adm-down", "init", "attempt"), "down"
)
KINDS = tuple(
    dict.fromkeys(
        name
        for shape in SHAPES
        for name in (
            [f"{shape.kind}-{end}" for end in ("up", "down", "changed")]
            if "state" in shape.words.groupindex
            else [shape.kind]
        )
    )
)
"""Every word that an event's kind can be, beside "other"."""


def meaning(program: str | None, code: str | None, message: str) -> tuple[str, dict[str, str]]:
    """Return kind and fields of a message; "other" when no shape fits the whole of it."""
    source = code or program
    if source is None:
        return "other", {}
    for shape in SHAPES:
        if not shape.source.fullmatch(source):
            continue
        found = shape.words.fullmatch(message)
        if found is None:
            continue
        fields = {name: text for name, text in found.groupdict().items() if text is not None}
        state = fields.get("state")
        if state is None:
            return shape.kind, fields
        return f"{shape.kind}-{STATES.get(state.lower(), 'changed')}", fields
    return "other", {}
