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
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from tinhnet.errors import Problem, ProblemsError

FILE = "tinhnet.toml"
DROP_INS = "tinhnet.d"
PREFIX = "TINHNET__"
STATE_VARIABLE = "TINHNET_STATE"
FILE_VARIABLE = "TINHNET_CONFIG"
"""Names the file to read instead of the usual one; relative paths then hang off its directory."""
DEFAULT = "default"

Scalar = str | int | float | bool | list[str]


class _Section(BaseModel):
    """A part of the configuration; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreConfig(_Section):
    """Where rows are kept."""

    url: str = Field(
        default="", description="PostgreSQL by URL without a password; empty is state.db"
    )
    password_secret: str = Field(
        default="", description="name of the secret with the database password"
    )


class SeriesConfig(_Section):
    """Where samples are kept."""

    url: str = Field(
        default="",
        description="Prometheus by http(s) URL without a password, or a directory;"
        " empty is series in the state",
    )
    password_secret: str = Field(
        default="", description="name of the secret with the Prometheus password"
    )


class WebConfig(_Section):
    """The web server."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8080, ge=1, le=65535, description="TCP port")
    threads: int = Field(
        default=64,
        ge=2,
        le=256,
        description="requests served at the same time, half of them streams",
    )
    language: Literal["vi", "en"] = Field(default="vi", description="language of somebody unknown")
    session_s: int = Field(default=43200, ge=60, description="seconds until a login ends")
    secure_cookie: bool = Field(default=False, description="True once TLS stands in front")
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$",
        description="where people open the pages, for links in messages; empty is host and port",
    )


class JobsConfig(_Section):
    """How jobs run."""

    playbooks: Path = Field(default=Path("playbooks"), description="directory of playbooks")
    forks: int = Field(default=50, ge=1, le=200, description="devices worked on at the same time")
    lease_s: float = Field(
        default=15.0, gt=1, description="seconds after which a silent worker is dead"
    )
    batch_s: float = Field(
        default=0.2, ge=0.02, le=5, description="seconds between writes of event lines"
    )
    timeout_s: float = Field(default=3600.0, gt=1, description="seconds after which a job is ended")
    grace_s: float = Field(
        default=5.0, ge=0, description="seconds between SIGTERM and SIGKILL of a job"
    )
    parallel: int = Field(default=2, ge=1, le=16, description="jobs run at the same time")
    dry_run_hours: float = Field(
        default=24.0,
        ge=0,
        le=8760,
        description="hours for which a dry run stands for a purpose",
    )


class CollectConfig(_Section):
    """Who reports to the collect worker, and where."""

    agents_host: str = Field(
        default="", description="address for agents; empty is the controller's management address"
    )
    agents_port: int = Field(
        default=7443, ge=1, le=65535, description="TCP port to which agents report by TLS"
    )


class ListenConfig(_Section):
    """What devices send by themselves, and where; a port of 0 is not taken."""

    host: str = Field(
        default="", description="address to listen on; empty is the controller's management address"
    )
    syslog_udp_port: int = Field(default=5514, ge=0, le=65535, description="UDP port for log lines")
    syslog_tcp_port: int = Field(default=5514, ge=0, le=65535, description="TCP port for log lines")
    syslog_tls_port: int = Field(default=6514, ge=0, le=65535, description="TLS port for log lines")
    trap_port: int = Field(
        default=5162, ge=0, le=65535, description="UDP port for SNMP traps and informs"
    )
    community_secret: str = Field(
        default="", description="name of the secret with the community; empty refuses SNMPv2c"
    )
    severity: Literal[
        "emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"
    ] = Field(
        default="warning", description="least severity of a line without meaning that is an event"
    )
    zone: str = Field(
        default="Asia/Ho_Chi_Minh", description="time zone of devices that do not say theirs"
    )
    keep_days: int = Field(default=400, ge=1, description="days after which events are let go")


class LogsConfig(_Section):
    """Logs on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least level"
    )
    format: Literal["auto", "json", "text"] = Field(
        default="auto", description="auto: text on a terminal"
    )


class AccessConfig(_Section):
    """Logins and tokens."""

    attempts: int = Field(default=5, ge=1, description="wrong passwords before a pause")
    pause_s: int = Field(
        default=60, ge=1, description="seconds of the first pause; each next one doubles"
    )
    pause_max_s: int = Field(default=3600, ge=1, description="seconds of the longest pause")
    password_length: int = Field(default=12, ge=8, description="shortest password")
    token_days: int = Field(default=365, ge=1, description="days until a token ends")


class AlertsConfig(_Section):
    """How causes are judged and rules evaluated (docs/alerts.md)."""

    rules: str = Field(default="", description="directory of rules; empty is the rules that ship")
    period_s: float = Field(
        default=10.0, ge=0.5, le=300, description="seconds between two looks at the samples"
    )
    stale_s: float = Field(
        default=10.0, ge=1, le=600, description="seconds after which what was seen is unknown"
    )
    stale_service_s: float = Field(
        default=30.0, ge=1, le=600, description="the same of services, seen from the data centre"
    )
    parents_s: float = Field(
        default=8.0, ge=0, le=600, description="seconds to wait for what a broken thing needs"
    )
    again_s: float = Field(
        default=30.0, ge=0, le=3600, description="seconds to wait until a thing is asked again"
    )
    together_s: float = Field(
        default=5.0, ge=0, le=60, description="seconds within which things vanish at once"
    )


class SupervisorConfig(_Section):
    """What `tinhnet up` keeps running."""

    workers: list[str] = Field(
        default=["change", "collect", "listen", "alert", "notify", "web"],
        description="one child per worker",
    )
    heartbeat_s: float = Field(default=2.0, gt=0.1, description="seconds between heartbeats")
    backoff_s: float = Field(default=0.5, gt=0, description="seconds before the first restart")
    backoff_max_s: float = Field(default=30.0, gt=0, description="seconds before any later restart")
    stop_s: float = Field(default=10.0, gt=0, description="seconds a child gets to end")


class NotifyConfig(_Section):
    """How people are told."""

    receivers: Path = Field(
        default=Path("notify.d"), description="directory of receivers, a TOML file each"
    )
    language: Literal["vi", "en"] = Field(
        default="vi", description="language that stands first in messages"
    )
    group_wait_s: float = Field(
        default=3.0, ge=0, le=60, description="seconds that a message waits for what belongs to it"
    )
    most_messages: int = Field(
        default=10, ge=1, description="messages at a time; more causes than this become one"
    )
    escalate_s: float = Field(
        default=900.0, gt=0, description="seconds without acknowledgement until the next level"
    )
    repeat_s: float = Field(
        default=3600.0, gt=0, description="seconds between repeats once every level knows"
    )
    retry_s: float = Field(default=5.0, gt=0, description="seconds before the second try")
    retry_max_s: float = Field(
        default=900.0, gt=0, description="seconds of the longest pause between tries"
    )
    give_up_s: float = Field(
        default=86400.0, gt=0, description="seconds after which a message is given up"
    )
    keep_days: int = Field(default=400, ge=1, description="days that delivery records are kept")
    heartbeat_url: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="outside URL that hears from us while all is well; empty: none",
    )
    heartbeat_method: Literal["GET", "POST"] = Field(
        default="GET", description="how the outside URL is asked"
    )
    heartbeat_s: float = Field(default=60.0, gt=0, description="seconds between these heartbeats")
    heartbeat_needs: list[str] = Field(
        default=["collect", "alert"],
        description="workers that must be alive for an outside heartbeat",
    )


class SlaConfig(_Section):
    """What the SLA ledger is held to."""

    notice_s: float = Field(
        default=0.0,
        ge=0,
        description="seconds before its beginning by which planned work must be announced to count",
    )
    targets: list[str] = Field(
        default=[],
        description="contracts as CARRIER=PERCENT or CIRCUIT=PERCENT; without one none is judged",
    )


class Config(_Section):
    """Everything that can be set."""

    state: Path = Field(default=Path("var"), description="directory of the state")
    inventory: Path = Field(
        default=Path("inventory"), description="directory of the declared network"
    )
    store: StoreConfig = StoreConfig()
    series: SeriesConfig = SeriesConfig()
    web: WebConfig = WebConfig()
    jobs: JobsConfig = JobsConfig()
    collect: CollectConfig = CollectConfig()
    listen: ListenConfig = ListenConfig()
    logs: LogsConfig = LogsConfig()
    access: AccessConfig = AccessConfig()
    alerts: AlertsConfig = AlertsConfig()
    supervisor: SupervisorConfig = SupervisorConfig()
    notify: NotifyConfig = NotifyConfig()
    sla: SlaConfig = SlaConfig()


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
        if isinstance(section, type) and issubclass(section, _Section):
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
