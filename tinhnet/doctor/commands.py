# SPDX-License-Identifier: MIT
"""`tinhnet doctor`."""

import os
import sys
from typing import Annotated

import typer

from tinhnet.config import load_config
from tinhnet.console import print_json, print_rows, say
from tinhnet.doctor.finding import Examined, Purpose, missing
from tinhnet.doctor.kernel import examine_kernel
from tinhnet.doctor.machine import (
    examine_installation,
    examine_programs,
    examine_python,
    examine_resources,
)

WORDS = {True: "ok", False: "missing", None: "unknown"}

app = typer.Typer()


@app.command("doctor")
def doctor(
    *,
    purpose: Annotated[
        Purpose | None,
        typer.Option("--for", help="What it must suffice for; as root the lab, otherwise run."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Name what is missing on this machine and how to get it; exit 1 if anything needed is."""
    wanted = purpose or (Purpose.LAB if os.geteuid() == 0 else Purpose.RUN)
    examined = examine()
    lacking = missing(examined, wanted)
    if as_json:
        rows = [
            {
                "group": one.group,
                "name": one.name,
                "ok": one.ok,
                "found": one.found,
                "needed": one.needed.value if one.needed else None,
                "hint": one.hint,
            }
            for one in examined
        ]
        print_json({"ok": not lacking, "purpose": wanted.value, "examined": list(rows)})
    else:
        _print(examined, lacking, wanted)
    if lacking:
        sys.exit(1)


def examine() -> tuple[Examined, ...]:
    """Look at everything; changes nothing and leaves nothing behind."""
    config = load_config().config
    return (
        *examine_programs(),
        *examine_python(),
        *examine_resources(config),
        *examine_kernel(),
        *examine_installation(config),
    )


def _print(examined: tuple[Examined, ...], lacking: tuple[Examined, ...], wanted: Purpose) -> None:
    shown = [one for one in examined if one.group != "python" or one.ok is not True]
    rows = [
        {
            "group": one.group,
            "name": one.name,
            "state": WORDS[one.ok],
            "found": one.found,
            "hint": one.hint,
        }
        for one in shown
    ]
    columns = {"group": "part", "name": "what", "state": "", "found": "found"}
    print_rows(rows, columns | {"hint": "how to get it"}, as_json=False)
    packages = len(examined) - len(shown)
    say(f"\nPython and {packages - 1} packages are there." if packages else "")
    if lacking:
        names = ", ".join(one.name for one in lacking)
        say(f"Missing for {wanted}: {names}.")
    else:
        say(f"Nothing is missing for {wanted}.")
