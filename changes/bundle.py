# SPDX-License-Identifier: MIT
"""The whole intended state of one server, gathered from the roles that make it up.

A role's `templates/state.yml.j2` lists packages, accounts, directories, files,
checks, steps and units; it and the templates it names are Jinja.  All is
rendered here, on the controller: nothing is decided on the server.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import yaml

from changes.drivers.server_device.state import (
    Account,
    Bundle,
    Check,
    Directory,
    File,
    Step,
    Unit,
)
from tinhnet.errors import TinhnetError

STATE = "templates/state.yml.j2"
_KINDS = ("files", "directories", "accounts", "checks", "steps", "units")
_LISTS = ("packages", "absent", "absent_accounts")
_FIELDS = {
    "files": {"path", "template", "file", "text", "owner", "group", "mode", "where", "secret"},
    "directories": {"path", "owner", "group", "mode"},
    "accounts": {"name", "home", "shell", "groups", "system"},
    "checks": {"name", "when", "command"},
    "steps": {"name", "when", "unless", "command", "input", "where", "phase"},
    "units": {"name", "enabled", "active", "restart_on", "reload", "early"},
}


class RoleError(TinhnetError):
    """A role of ours is wrong: a missing template, an undefined variable, an unknown field."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One rendered entry of a role's state, read field by field."""

    where: str
    fields: Mapping[str, object]

    def text(self, name: str, default: str | None = None) -> str:
        value = self.fields.get(name, default)
        if not isinstance(value, str):
            raise RoleError(f"{self.where}: {name} is {value!r}, expected text")
        return value

    def optional(self, name: str) -> str | None:
        return self.text(name) if self.fields.get(name) is not None else None

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.fields.get(name, default)
        if not isinstance(value, bool):
            raise RoleError(f"{self.where}: {name} is {value!r}, expected true or false")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.fields.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise RoleError(f"{self.where}: {name} is {value!r}, expected a list of texts")
        return tuple(value)

    def mode(self, default: str) -> int:
        text = self.text("mode", default)
        try:
            return int(text, 8)
        except ValueError as error:
            raise RoleError(f'{self.where}: mode is {text}, expected octal like "0644"') from error


class Roles:
    """The roles of a folder, rendered with one server's variables."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._jinja = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # noqa: S701 configuration files, not HTML
        )

    def exists(self, role: str) -> bool:
        """Tell whether a role of that name declares a state."""
        return (self._folder / role / STATE).is_file()

    def defaults(self, role: str) -> dict[str, object]:
        """Return the variables of `defaults/main.yml`, as Ansible would."""
        path = self._folder / role / "defaults" / "main.yml"
        if not path.is_file():
            return {}
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
        return dict(held) if isinstance(held, dict) else {}

    def bundle(self, device: str, roles: Sequence[str], variables: Mapping[str, object]) -> Bundle:
        """Return the state that the roles make up together.

        `variables` beat the defaults of the roles.  A path that two roles
        write, or a unit that two declare, is a RoleError: one owner each.
        """
        states = [(role, self._state(role, variables)) for role in roles]
        rows = {
            kind: [
                (role, row) for role, state in states for row in self._rows(role, kind, state[kind])
            ]
            for kind in _KINDS
        }
        lists = {
            kind: tuple(dict.fromkeys(one for _, state in states for one in state[kind]))
            for kind in _LISTS
        }
        files = tuple(self._file(role, row, variables) for role, row in rows["files"])
        _refuse_twice("file", (file.path + (file.where or "") for file in files))
        units = tuple(_unit(row) for _, row in rows["units"])
        _refuse_twice("unit", (unit.name for unit in units))
        return Bundle(
            device=device,
            packages=tuple(str(one) for one in lists["packages"]),
            accounts=tuple(_account(row) for _, row in rows["accounts"]),
            absent_accounts=tuple(str(one) for one in lists["absent_accounts"]),
            directories=tuple(_directory(row) for _, row in rows["directories"]),
            files=files,
            absent=tuple(str(one) for one in lists["absent"]),
            checks=tuple(_check(row) for _, row in rows["checks"]),
            steps=tuple(_step(row) for _, row in rows["steps"]),
            units=units,
        )

    def _state(self, role: str, variables: Mapping[str, object]) -> dict[str, list[object]]:
        path = self._folder / role / STATE
        if not path.is_file():
            raise RoleError(f"{path}: no such file", "every role for servers has one")
        merged = {**self.defaults(role), **variables}
        held = yaml.safe_load(self._render(f"{role}/{STATE}", merged))
        if not isinstance(held, dict) or set(held) - {*_KINDS, *_LISTS}:
            known = ", ".join((*_KINDS, *_LISTS))
            raise RoleError(f"{path}: expected a mapping with only {known}")
        return {kind: list(held.get(kind) or ()) for kind in (*_KINDS, *_LISTS)}

    def _rows(self, role: str, kind: str, entries: Iterable[object]) -> list[_Row]:
        rows = []
        for number, entry in enumerate(entries, start=1):
            where = f"roles/{role}/{STATE}: {kind} {number}"
            if not isinstance(entry, dict) or set(entry) - _FIELDS[kind]:
                raise RoleError(f"{where}: expected only {', '.join(sorted(_FIELDS[kind]))}")
            rows.append(_Row(where, entry))
        return rows

    def _file(self, role: str, row: _Row, variables: Mapping[str, object]) -> File:
        known = {**self.defaults(role), **variables}
        source = row.optional("template")
        plain = row.optional("file")
        if source is not None:
            text = self._render(f"{role}/templates/{source}", known)
        elif plain is not None:
            text = (self._folder / role / "files" / plain).read_text(encoding="utf-8")
        else:
            text = row.text("text")
        return File(
            path=row.text("path"),
            text=text,
            owner=row.text("owner", "root"),
            group=row.text("group", "root"),
            mode=row.mode("0644"),
            where=row.optional("where"),
            is_secret=row.flag("secret", default=False),
        )

    def _render(self, name: str, variables: Mapping[str, object]) -> str:
        try:
            return self._jinja.get_template(name).render(variables)
        except jinja2.UndefinedError as error:
            raise RoleError(f"roles/{name}: {error.message}") from error
        except jinja2.TemplateNotFound as error:
            raise RoleError(f"roles/{error.name}: no such template") from error
        except jinja2.TemplateSyntaxError as error:
            raise RoleError(f"roles/{name}:{error.lineno}: {error.message}") from error


def _refuse_twice(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise RoleError(f"{what} {name} is declared by two roles", "give it one owner")
        seen.add(name)


def _directory(row: _Row) -> Directory:
    return Directory(
        row.text("path"), row.text("owner", "root"), row.text("group", "root"), row.mode("0755")
    )


def _account(row: _Row) -> Account:
    name = row.text("name")
    return Account(
        name=name,
        home=row.text("home", f"/home/{name}"),
        shell=row.text("shell", "/bin/bash"),
        groups=row.texts("groups"),
        system=row.flag("system", default=False),
    )


def _check(row: _Row) -> Check:
    return Check(row.text("name"), row.texts("when"), row.texts("command"))


def _step(row: _Row) -> Step:
    return Step(
        name=row.text("name"),
        when=row.texts("when"),
        unless=row.texts("unless"),
        command=row.texts("command"),
        input=row.optional("input"),
        where=row.optional("where"),
        phase=row.text("phase", "end"),
    )


def _unit(row: _Row) -> Unit:
    return Unit(
        name=row.text("name"),
        enabled=row.flag("enabled", default=True),
        active=row.flag("active", default=True),
        restart_on=row.texts("restart_on"),
        reload=row.flag("reload", default=False),
        early=row.flag("early", default=False),
    )
