# SPDX-License-Identifier: MIT
"""Everything that can be set: types, defaults, bounds and a sentence each.

Secrets never stand here; a setting names them.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A part of the configuration; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreConfig(Section):
    """Where rows are kept."""

    url: str = Field(
        default="", description="PostgreSQL by URL without a password; empty is state.db"
    )
    password_secret: str = Field(
        default="", description="name of the secret with the database password"
    )


class SeriesConfig(Section):
    """Where samples are kept."""

    url: str = Field(
        default="",
        description="Prometheus by http(s) URL without a password, or a directory;"
        " empty is series in the state",
    )
    password_secret: str = Field(
        default="", description="name of the secret with the Prometheus password"
    )


class WebConfig(Section):
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


class JobsConfig(Section):
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


class CollectConfig(Section):
    """Who reports to the collect worker, and where."""

    agents_host: str = Field(
        default="", description="address for agents; empty is the controller's management address"
    )
    agents_port: int = Field(
        default=7443, ge=1, le=65535, description="TCP port to which agents report by TLS"
    )


class ListenConfig(Section):
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


class LogsConfig(Section):
    """Logs on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least level"
    )
    format: Literal["auto", "json", "text"] = Field(
        default="auto", description="auto: text on a terminal"
    )


class AccessConfig(Section):
    """Logins and tokens."""

    attempts: int = Field(default=5, ge=1, description="wrong passwords before a pause")
    pause_s: int = Field(
        default=60, ge=1, description="seconds of the first pause; each next one doubles"
    )
    pause_max_s: int = Field(default=3600, ge=1, description="seconds of the longest pause")
    password_length: int = Field(default=12, ge=8, description="shortest password")
    token_days: int = Field(default=365, ge=1, description="days until a token ends")


class AlertsConfig(Section):
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


class SupervisorConfig(Section):
    """What `tinhnet up` keeps running."""

    workers: list[str] = Field(
        default=["change", "collect", "listen", "alert", "notify", "web"],
        description="one child per worker",
    )
    heartbeat_s: float = Field(default=2.0, gt=0.1, description="seconds between heartbeats")
    backoff_s: float = Field(default=0.5, gt=0, description="seconds before the first restart")
    backoff_max_s: float = Field(default=30.0, gt=0, description="seconds before any later restart")
    stop_s: float = Field(default=10.0, gt=0, description="seconds a child gets to end")


class NotifyConfig(Section):
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


class SlaConfig(Section):
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


class Config(Section):
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
