# SPDX-License-Identifier: MIT
"""One configuration: a TOML file, drop-ins beside it, the environment on top.

Later wins: defaults, `tinhnet.toml`, `tinhnet.d/*.toml` in the order of their
names, `TINHNET_STATE`, `TINHNET__SECTION__KEY`.  Every value remembers where
it came from.  Secrets never stand here; a setting names them.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from tinhnet.errors import Problem, ProblemsError
from tinhnet.settings import Config, Section

FILE = "tinhnet.toml"
DROP_INS = "tinhnet.d"
PREFIX = "TINHNET__"
STATE_VARIABLE = "TINHNET_STATE"
FILE_VARIABLE = "TINHNET_CONFIG"
"""Names the file to read instead of the usual one; relative paths then hang off its directory."""
DEFAULT = "default"

Scalar = str | int | float | bool | list[str]


@dataclass(frozen=True, slots=True)
class Setting:
    """One value with its origin: a file with its line, a variable, or "default"."""

    key: str
    value: Scalar
    origin: str
    description: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration and where each value came from; paths are absolute."""

    config: Config
    root: Path
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class _Given:
    """A value that somebody set."""

    value: object
    origin: str


def root_directory() -> Path:
    """Return what relative paths hang off: the checkout, or the working directory if installed."""
    checkout = Path(__file__).resolve().parents[1]
    return checkout if (checkout / "ansible.cfg").is_file() else Path.cwd()


def load_config(environ: Mapping[str, str] = os.environ, root: Path | None = None) -> Loaded:
    """Read the configuration; ProblemsError names every mistake at once."""
    named = environ.get(FILE_VARIABLE)
    base = root or (Path(named).resolve().parent if named else root_directory())
    given: dict[str, _Given] = {}
    problems: list[Problem] = []
    for path in _files(base, environ):
        _read_file(path, given, problems)
    _read_environment(environ, given, problems)
    config = _checked(given, problems)
    if config is None or problems:
        raise ProblemsError(tuple(problems))
    resolved = _with_absolute_paths(config, base, given)
    return Loaded(resolved, base, tuple(_settings(resolved, given)))


def redacted(setting: Setting) -> str:
    """Return the value for people, a password inside a URL hidden."""
    shown = str(setting.value)
    return re.sub(r"(://[^:/@\s]*):[^@/\s]*@", r"\1:***@", shown)


def _files(base: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    named = environ.get(FILE_VARIABLE)
    main = Path(named) if named else base / FILE
    if not main.is_file() and not named:
        main = Path("/etc/tinhnet") / FILE
    if named or main.is_file():
        yield main
    yield from sorted((main.parent / DROP_INS).glob("*.toml"))


def _read_file(path: Path, given: dict[str, _Given], problems: list[Problem]) -> None:
    try:
        text = path.read_text(encoding="utf-8")
        held = tomllib.loads(text)
    except OSError as error:
        problems.append(Problem(str(path), None, f"cannot be read: {error.strerror}"))
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = re.search(r"line (\d+)", str(error))
        problems.append(Problem(str(path), int(line[1]) if line else None, f"no TOML: {error}"))
        return
    for key, value in _flat(held):
        line_number = _line_of(text, key)
        if _known(key, f"{path}", line_number, problems):
            where = f"{path}:{line_number}" if line_number else str(path)
            given[key] = _Given(value, where)


def _read_environment(
    environ: Mapping[str, str], given: dict[str, _Given], problems: list[Problem]
) -> None:
    if STATE_VARIABLE in environ:
        given["state"] = _Given(environ[STATE_VARIABLE], STATE_VARIABLE)
    for variable, text in sorted(environ.items()):
        if variable.startswith(PREFIX):
            key = variable.removeprefix(PREFIX).lower().replace("__", ".")
            if _known(key, variable, None, problems):
                value = text.split(",") if _fields()[key].annotation == list[str] else text
                given[key] = _Given(value, variable)


def _known(key: str, file: str, line: int | None, problems: list[Problem]) -> bool:
    fields = _fields()
    if key in fields:
        return True
    close = difflib.get_close_matches(key, fields, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else "`tinhnet config show` lists every setting"
    problems.append(Problem(file, line, f"there is no setting {key}", hint))
    return False


def _fields() -> dict[str, FieldInfo]:
    """Return every setting by its dotted key."""
    found: dict[str, FieldInfo] = {}
    for name, field in Config.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            found |= {f"{name}.{key}": inner for key, inner in section.model_fields.items()}
        else:
            found[name] = field
    return found


def _flat(held: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in held.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        else:
            yield name, value


def _line_of(text: str, key: str) -> int | None:
    """Return the line on which a key is set; tomllib tells none."""
    section, _, name = key.rpartition(".")
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\]]+)\]", line):
            inside = header[1].strip()
        elif re.match(rf"\s*(\"?){re.escape(name)}\1\s*=", line) and inside == section:
            return number
    return None


def _checked(given: Mapping[str, _Given], problems: list[Problem]) -> Config | None:
    nested: dict[str, object] = {}
    for key, one in given.items():
        section, _, name = key.rpartition(".")
        inner = nested.setdefault(section, {}) if section else nested
        if isinstance(inner, dict):
            inner[name] = one.value
    try:
        return Config.model_validate(nested)
    except ValidationError as error:
        for detail in error.errors():
            key = ".".join(str(part) for part in detail["loc"][:2])
            origin = given[key].origin if key in given else key
            file, _, line = origin.partition(":")
            message = f"{key} = {detail['input']!r}: {detail['msg'].lower()}"
            problems.append(Problem(file, int(line) if line.isdigit() else None, message))
        return None


def _with_absolute_paths(config: Config, base: Path, given: Mapping[str, _Given]) -> Config:
    state = config.state
    if "state" not in given and not (base / "ansible.cfg").is_file():
        state = Path("/var/lib/tinhnet")
    playbooks = config.jobs.model_copy(update={"playbooks": base / config.jobs.playbooks})
    receivers = config.notify.model_copy(update={"receivers": base / config.notify.receivers})
    absolute = {
        "state": base / state,
        "inventory": base / config.inventory,
        "jobs": playbooks,
        "notify": receivers,
    }
    return config.model_copy(update=absolute)


def _settings(config: Config, given: Mapping[str, _Given]) -> Iterator[Setting]:
    for key, field in _fields().items():
        section, _, name = key.rpartition(".")
        value = getattr(getattr(config, section) if section else config, name)
        origin = given[key].origin if key in given else DEFAULT
        shown = str(value) if isinstance(value, Path) else value
        yield Setting(key, shown, origin, field.description or "")
