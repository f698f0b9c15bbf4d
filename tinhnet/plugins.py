# SPDX-License-Identifier: MIT
"""Plug-ins: one file holds one typed value and is found by its file name."""

import importlib
import pkgutil
from pathlib import Path
from typing import TypeVar

from tinhnet.errors import TinhnetError

Value = TypeVar("Value")


class PluginError(TinhnetError):
    """A plug-in is missing or holds something else than it should."""


def names(package: str) -> tuple[str, ...]:
    """Return the names of the plug-ins in a package, sorted; none when there is no package."""
    try:
        paths = importlib.import_module(package).__path__
    except ModuleNotFoundError:
        return ()
    found = (one.name for one in pkgutil.iter_modules(paths) if not one.ispkg)
    return tuple(sorted(name for name in found if not name.startswith("_")))


def load(package: str, name: str, value: str, kind: type[Value]) -> Value:
    """Return the value called `value` of the plug-in `name`; PluginError when it is not there."""
    if name not in names(package):
        known = ", ".join(names(package)) or "none"
        raise PluginError(f"there is no {package}.{name}", f"these exist: {known}")
    module = importlib.import_module(f"{package}.{name}")
    found = getattr(module, value, None)
    if not isinstance(found, kind):
        where = Path(module.__file__ or name).name
        raise PluginError(
            f"{package}/{where}: {value} is {type(found).__name__}, expected {kind.__name__}",
            "docs/add-a-plug-in.md says what each file holds",
        )
    return found


def load_all(package: str, value: str, kind: type[Value]) -> dict[str, Value]:
    """Return the value of every plug-in of a package by its file name."""
    return {name: load(package, name, value, kind) for name in names(package)}
