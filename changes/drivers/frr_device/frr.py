# SPDX-License-Identifier: MIT
"""FRR's running configuration: parsed, compared without regard to order, changed by vtysh.

`frr-reload.py` is not used: on a semantic refusal it answered 0 with half of
the configuration applied, and it costs 0.3-0.8 s of CPU a device.
"""

import re
from pathlib import Path

from . import daemons
from .run import STAGE, run, write_file
from .text import Plan, RefusedError, insert_foreign, text_of

Tree = dict[str, "Tree"]
"""Lines with the lines that stand inside them; two trees are equal in any order."""

STARTUP = Path("/etc/frr/frr.conf")
HEADER = "frr defaults traditional\nservice integrated-vtysh-config\n"

_NOISE = re.compile(
    r"(Building configuration|Current configuration|frr version|frr defaults|!|end$|exit$|#"
    r"|no ip forwarding|no ipv6 forwarding|service integrated-vtysh-config)"
)
_DIGEST = "ip ospf message-digest-key "
_SINGLE = re.compile(
    r"(hostname|log syslog|log file|ip protocol \S+|ipv6 protocol \S+|description"
    r"|ip ospf (?:cost|area|network|hello-interval|dead-interval|priority|retransmit-interval"
    r"|transmit-delay|bfd|authentication)"
    r"|ipv6 ospf6 (?:cost|area|network|hello-interval|dead-interval|priority|bfd"
    r"|retransmit-interval|transmit-delay|instance-id)"
    r"|ospf6? router-id|log-adjacency-changes|default-information originate|redistribute \S+"
    r"|timers throttle \S+|timers lsa \S+|maximum-paths|set src|set metric"
    r"|match ip address|match ipv6 address|(?:ip|ipv6) prefix-list \S+ seq \d+)(?: |$)"
)
"""Commands that hold one value: the new one replaces the old, no `no` is needed."""
_BARE_NO = re.compile(r"(description)(?: |$)")
"""Commands whose `no` form takes no argument."""

_STICKY = frozenset({"agentx"})
"""What FRR 8.4 cannot take back without a restart ("cannot be disabled once enabled")."""


def parse(text: str) -> Tree:
    """Return the configuration as a tree.

    An empty `interface X` or `line vty` is left out: it says nothing, and it
    cannot be removed while the interface exists.
    """
    root: Tree = {}
    stack: list[Tree] = [root]
    for raw in text.splitlines():
        line = raw.strip()
        if not line or _NOISE.match(line):
            continue
        depth = len(raw) - len(raw.lstrip(" "))
        del stack[depth + 1 :]
        child: Tree = stack[-1].setdefault(line, {})
        stack.append(child)
    return {
        line: tree
        for line, tree in root.items()
        if tree or not (_is_interface(line) or line == "line vty")
    }


def render(tree: Tree, depth: int = 0) -> str:
    """Return a tree as FRR writes it."""
    indent = " " * depth
    text = ""
    for line, children in tree.items():
        text += f"{indent}{line}\n"
        if children:
            text += render(children, depth + 1) + f"{indent}exit\n"
    return text


def plan(running: str, intended: str, applied: str) -> Plan:
    """Compare without regard to order; only MD5 keys have one (FRR signs with the last)."""
    have, want = parse(running), parse(intended)
    residue: list[str] = []
    predicted = _merge(have, want, parse(applied), residue, ())
    before = predicted if same(have, predicted) else _aligned(have, predicted)
    return Plan(render(before), render(predicted), tuple(residue))


def same(one: Tree, other: Tree) -> bool:
    """Tell whether two configurations mean the same."""
    return one == other and all(
        _digests(tree) == _digests(other[line]) for line, tree in one.items()
    )


def delta(running: str, predicted: str) -> str:
    """Return the commands that lead from one configuration to the other."""
    return text_of(_delta(parse(running), parse(predicted), ()))


def read() -> str:
    """Return the running configuration: every daemon holds its own lines of an interface.

    MD5 keys stand in ospfd's own order, which it signs by; vtysh sorts them.
    """
    whole: Tree = {}
    for answer in daemons.ask_all("show running-config"):
        _add(whole, parse(answer))
    return render(whole)


def check(predicted: str) -> None:
    """Let vtysh parse the whole predicted configuration."""
    _vtysh(predicted, "frr.check", ["-C"])


def apply(running: str, predicted: str) -> None:
    """Send the difference; what FRR made of it is judged by reading it back."""
    commands = delta(running, predicted)
    if commands:
        _vtysh(commands, "frr.delta", [])


def startup_text(predicted: str) -> str:
    """Return what /etc/frr/frr.conf must hold."""
    return HEADER + predicted


def _add(whole: Tree, part: Tree) -> None:
    for line, children in part.items():
        _add(whole.setdefault(line, {}), children)


def _vtysh(text: str, name: str, options: list[str]) -> None:
    """Run a file of commands; not by arguments, where every user could read the keys."""
    path = STAGE / name
    write_file(path, text, mode=0o600)
    done = run(["vtysh", *options, "-f", str(path)], accept=None)
    path.unlink()
    said = (done.stdout + done.stderr).strip()
    if done.returncode != 0 or "% " in said:
        raise RefusedError("frr", said or f"vtysh ended with {done.returncode}")


def _merge(
    have: Tree, want: Tree, applied: Tree, residue: list[str], path: tuple[str, ...]
) -> Tree:
    """Return the wanted lines and what nobody knows, in the order of the template."""
    wanted_keys = {_key(line) for line in want} - {None}
    foreign = []
    for line in have:
        if line in want or _key(line) in wanted_keys:
            continue
        if (
            (line in _STICKY and not path)
            or line not in applied
            or (have[line] and _merge(have[line], {}, applied[line], [], ()))
        ):
            foreign.append(line)
    merged: Tree = {}
    for line in insert_foreign(list(want), foreign, list(have)):
        here = (*path, line)
        if line in want or line in applied or line in _STICKY:
            merged[line] = _merge(
                have.get(line, {}), want.get(line, {}), applied.get(line, {}), residue, here
            )
        else:
            merged[line] = have[line]
            residue.extend(_flat(have[line], here))
    return merged


def _aligned(have: Tree, predicted: Tree) -> Tree:
    """Return `have` in the order of `predicted`, so that a line diff shows no reordering."""
    kept = [line for line in predicted if line in have]
    gone = [line for line in have if line not in predicted]
    if _digests(have) != _digests(predicted):
        kept = sorted(kept, key=lambda line: line.startswith(_DIGEST))
        keys = iter(_digests(have))
        kept = [next(keys, line) if line.startswith(_DIGEST) else line for line in kept]
        gone = [line for line in have if line not in kept]
    order = insert_foreign(kept, gone, list(have))
    return {line: _aligned(have[line], predicted.get(line, {})) for line in order}


def _delta(have: Tree, want: Tree, path: tuple[str, ...]) -> list[str]:
    added_keys = {_key(line) for line in want if line not in have} - {None}
    commands: list[str] = []
    for line, children in have.items():
        if line in want or _key(line) in added_keys or line.startswith(_DIGEST):
            continue
        if line in _STICKY:
            continue
        if _is_interface(line):
            commands += _delta(children, {}, (*path, line))
        else:
            commands += _enter(path, _negated(line))
    commands += _digest_commands(_digests(have), _digests(want), path)
    for line, children in want.items():
        if line not in have and not line.startswith(_DIGEST):
            commands += _enter(path, line)
        commands += _delta(have.get(line, {}), children, (*path, line))
    return commands


def _digest_commands(have: list[str], want: list[str], path: tuple[str, ...]) -> list[str]:
    """Bring the keys into their order without a moment in which both ends share none.

    FRR signs with the key that was added last.  A new key is added first and
    the old ones are set again behind it, so they go on signing until every
    neighbour knows the new one.
    """
    now = [*have, *(line for line in want if line not in have)]
    commands: list[str] = []
    for line in now[len(have) :]:
        commands += _enter(path, line)
    highest = -1
    for line in want:
        if now.index(line) < highest:
            commands += _enter(path, _negated_digest(line)) + _enter(path, line)
            now.remove(line)
            now.append(line)
        highest = now.index(line)
    for line in have:
        if line not in want:
            commands += _enter(path, _negated_digest(line))
    return commands


def _enter(path: tuple[str, ...], command: str) -> list[str]:
    return [*path, command]


def _negated(line: str) -> str:
    if line.startswith("no "):
        return line.removeprefix("no ")
    bare = _BARE_NO.match(line)
    return f"no {bare.group(1) if bare else line}"


def _negated_digest(line: str) -> str:
    return f"no {_DIGEST}{line.removeprefix(_DIGEST).split()[0]}"


def _digests(tree: Tree) -> list[str]:
    return [line for line in tree if line.startswith(_DIGEST)]


def _flat(tree: Tree, path: tuple[str, ...]) -> list[str]:
    """Return the lines of a subtree with their contexts in front."""
    if not tree:
        return [" / ".join(path)]
    return [flat for line, children in tree.items() for flat in _flat(children, (*path, line))]


def _key(line: str) -> str | None:
    if line.startswith(_DIGEST):
        return " ".join(line.split()[:4])
    match = _SINGLE.match(line)
    return match.group(1) if match else None


def _is_interface(line: str) -> bool:
    return line.startswith("interface ")
