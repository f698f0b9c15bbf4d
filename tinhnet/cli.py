# SPDX-License-Identifier: MIT
"""The command `tinhnet`: finds what each room offers and turns errors into sentences.

A room, or a part of the floor, offers commands by a file `commands.py` that
holds `app`, a Typer application.  An application with a name becomes a
group (`tinhnet lab up`); one without a name adds its commands to the top.
"""

import importlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from tinhnet.console import warn
from tinhnet.errors import TinhnetError

ROOMS = ("tinhnet", "changes", "collectors", "security", "alerts", "webui", "lab")
FAILED = 1
INTERRUPTED = 130


def main() -> None:
    """Run the command line; a TinhnetError ends it with status 1 and one sentence."""
    os.umask(0o027)
    # Python installs no handler when a script started us with `&`, SIGINT ignored: `kill -INT`
    # would then neither end the demo nor take its lab down.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        application(sys.argv[1:])()
    except TinhnetError as error:
        warn(f"tinhnet: {error.message}")
        if error.hint:
            warn(f"  {error.hint}")
        sys.exit(FAILED)
    except PermissionError as error:
        if error.filename is None:
            raise
        warn(f"tinhnet: {error.filename}: {error.strerror}")
        warn("  run as the product's user or as root")
        sys.exit(FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def application(arguments: Sequence[str] = ()) -> typer.Typer:
    """Return the command line, as far as `arguments` need it.

    `tinhnet lab …` imports the folder `lab` alone: the whole of the product
    costs a second of processor time, and the demo calls lab verbs by the dozen.
    """
    top = typer.Typer(
        help="The tool with which a province runs its network.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    modules = tuple(command_modules(Path(__file__).parents[1]))
    asked = arguments[0] if arguments else ""
    own = tuple(module for module in modules if module.split(".")[-2] == asked)
    for module in own or modules:
        found = importlib.import_module(module).app
        if not isinstance(found, typer.Typer):
            raise TinhnetError(f"{module}.app is no Typer application", "see add-a-plug-in.md")
        top.add_typer(found)
    return top


def command_modules(root: Path) -> Iterator[str]:
    """Yield the modules called `commands` of the floor and the rooms, in a fixed order."""
    for room in ROOMS:
        for path in sorted((root / room).rglob("commands.py")):
            yield ".".join(path.relative_to(root).with_suffix("").parts)
