# SPDX-License-Identifier: MIT
"""The sections of a Linux router's configuration, in the order in which they are applied."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from . import agent, files, frr, kernel, nft, shape, units
from .text import Plan


class Section(NamedTuple):
    """How one section is read, compared, checked and applied.

    `read(intended, applied)` returns what really runs.  `startup` is the file
    from which the device boots and the function that makes its text from the
    predicted section; None where the section is the file itself.
    """

    name: str
    read: Callable[[str, str], str]
    plan: Callable[[str, str, str], Plan]
    check: Callable[[str], None]
    apply: Callable[[str, str], None]
    startup: tuple[Path, Callable[[str], str]] | None
    paths: tuple[Path, ...]
    unit: str | None
    verb: str


def _nothing(_predicted: str) -> None:
    """Accept: what this section holds cannot be wrong in itself."""


def _file(one: files.FileSection) -> Section:
    return Section(
        one.name,
        lambda intended, applied: files.read(one, intended, applied),
        files.plan_keys if one.name == "accounts" else files.plan,
        partial(files.check, one),
        lambda _running, predicted: files.apply(one, predicted),
        None,
        (one.path,) if one.former is None else (one.path, one.former),
        one.unit,
        one.verb,
    )


def _sysctl_startup(predicted: str) -> str:
    return predicted


def _live(
    name: str,
    module: "object",
    read: Callable[[], str],
    startup: tuple[Path, Callable[[str], str]],
) -> Section:
    return Section(
        name,
        lambda _intended, _applied: read(),
        module.plan,  # type: ignore[attr-defined] # the three modules share these names
        module.check,  # type: ignore[attr-defined] # as above
        module.apply,  # type: ignore[attr-defined] # as above
        startup,
        (startup[0],),
        None,
        "",
    )


SECTIONS: tuple[Section, ...] = (
    Section(
        "sysctl",
        kernel.read_sysctl,
        kernel.plan_sysctl,
        kernel.check_sysctl,
        kernel.apply_sysctl,
        (kernel.SYSCTL_STARTUP, _sysctl_startup),
        (kernel.SYSCTL_STARTUP,),
        None,
        "",
    ),
    Section(
        "alias",
        lambda _intended, _applied: kernel.read_alias(),
        kernel.plan_alias,
        _nothing,
        kernel.apply_alias,
        (kernel.ALIAS_STARTUP, kernel.alias_startup),
        (kernel.ALIAS_STARTUP,),
        None,
        "",
    ),
    Section(
        "daemons",
        units.read_daemons,
        units.plan_daemons,
        _nothing,
        units.apply_daemons,
        None,
        (units.DAEMONS,),
        None,
        "",
    ),
    _live("frr", frr, frr.read, (frr.STARTUP, frr.startup_text)),
    Section(
        "bootstrap",
        lambda _intended, _applied: kernel.read_bootstrap(),
        kernel.plan_bootstrap,
        _nothing,
        kernel.apply_bootstrap,
        None,
        (),
        None,
        "",
    ),
    _live("tc", shape, shape.read, (shape.STARTUP, shape.startup_text)),
    _live("nftables", nft, nft.read, (nft.STARTUP, nft.startup_text)),
    *(_file(one) for one in files.FILES),
    Section("agent", agent.read, agent.plan, agent.check, agent.apply, None, (), None, ""),
    Section(
        "units",
        units.read_units,
        units.plan_units,
        _nothing,
        units.apply_units,
        None,
        (),
        None,
        "",
    ),
)
