# SPDX-License-Identifier: MIT
"""Packages and accounts of the server."""

import grp
import pwd
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from .run import must
from .state import Account

STATUS = Path("/var/lib/dpkg/status")
INSTALLED = ("Status: install ok installed", "Status: hold ok installed")


@dataclass(frozen=True, slots=True)
class AccountChange:
    """One thing to do to an account: in words and as a command."""

    what: str
    command: tuple[str, ...]


def missing_packages(wanted: Sequence[str]) -> list[str]:
    """Return the wanted packages that dpkg does not know as installed."""
    installed: set[str] = set()
    name = ""
    for line in STATUS.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("Package: "):
            name = line.removeprefix("Package: ")
        elif line in INSTALLED:
            installed.add(name)
    return sorted(set(wanted) - installed)


def account_changes(wanted: Sequence[Account], absent: Sequence[str]) -> list[AccountChange]:
    """Return what makes the accounts what they should be."""
    held = {entry.pw_name: entry for entry in pwd.getpwall()}
    groups = {entry.gr_name: set(entry.gr_mem) for entry in grp.getgrall()}
    changes: list[AccountChange] = []
    for one in wanted:
        more = [group for group in one.groups if one.name not in groups.get(group, ())]
        if one.name not in held:
            changes.append(_created(one, groups.keys(), more))
            continue
        if held[one.name].pw_shell != one.shell:
            shell = ("usermod", "--shell", one.shell, one.name)
            changes.append(AccountChange(f"account {one.name}: shell {one.shell}", shell))
        if more:
            join = ("usermod", "--append", "--groups", ",".join(more), one.name)
            changes.append(AccountChange(f"account {one.name}: groups {', '.join(more)}", join))
    gone = [name for name in absent if name in held]
    changes += [
        AccountChange(f"account {name} removed", ("userdel", "--force", name)) for name in gone
    ]
    return changes


def change_accounts(changes: Sequence[AccountChange]) -> None:
    """Do it; RefusedError when a command fails."""
    for change in changes:
        must("accounts", change.what, change.command)


def _created(one: Account, groups: Collection[str], more: Sequence[str]) -> AccountChange:
    command = ["useradd", "--shell", one.shell, "--home-dir", one.home]
    command += ["--system"] if one.system else ["--create-home"]
    command += ["--gid", one.name] if one.name in groups else ["--user-group"]
    command += ["--groups", ",".join(more)] if more else []
    return AccountChange(f"account {one.name} created", (*command, one.name))
