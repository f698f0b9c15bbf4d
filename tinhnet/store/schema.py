# SPDX-License-Identifier: MIT
"""Tables of the state, as of the newest migration; a test holds both to each other."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware UTC time as whole microseconds since 1970: the same on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse a time without a zone: it would be somebody's local time."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return an aware UTC time."""
        del dialect
        return None if value is None else EPOCH + value * MICROSECOND


Number = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only in a column of exactly this type."""

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("full_name", Text, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_login_at", Moment),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("created_by", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("is_revoked", Boolean, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user", String(64), nullable=False, index=True),
    Column("address", Text),
    Column("browser", Text, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

first_run = Table(
    "first_run",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("made_at", Moment, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("state", String(16), nullable=False, index=True),
    Column("playbook", Text, nullable=False),
    Column("risk", String(16), nullable=False),
    Column("limit", Text),
    Column("tags", JSON, nullable=False),
    Column("check", Boolean, nullable=False),
    Column("diff", Boolean, nullable=False),
    Column("extra", JSON, nullable=False),
    Column("actor", Text, nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("command", JSON(none_as_null=True)),
    Column("commit", Text),
    Column("ansible_version", Text),
    Column("devices", JSON, nullable=False),
    Column("holder", Integer),
    Column("worker", Text),
    Column("lease_until", Moment),
    Column("is_cancelling", Boolean, nullable=False),
    Column("cancelled_by", Text),
    Column("reason", Text),
    Column("purpose", Text),
    Column("dry_run", Integer),
    Column("last_seq", Integer, nullable=False),
)

job_devices = Table(
    "job_devices",
    metadata,
    Column("job", Number, ForeignKey("jobs.number"), primary_key=True),
    Column("device", Text, primary_key=True),
    Column("result", String(16)),
    Column("changed", Integer, nullable=False),
    Column("task", Text),
    Column("detail", Text),
)

job_events = Table(
    "job_events",
    metadata,
    Column("job", Number, ForeignKey("jobs.number"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("device", Text),
    Column("task", Text),
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("result", String(16)),
)

evidence = Table(
    "evidence",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("via", String(16), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", JSON, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)

evidence_checkpoints = Table(
    "evidence_checkpoints",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("mac", String(64), nullable=False),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("worker", String(64), primary_key=True),
    Column("machine", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("interval_s", Integer, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("reader", String(64), primary_key=True),
    Column("position", Number, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("key", String(80), nullable=False, unique=True),
    Column("at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False, index=True),
    Column("source", String(16), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("device", Text, index=True),
    Column("interface", Text),
    Column("link", Text, index=True),
    Column("site", Text, index=True),
    Column("fields", JSON, nullable=False),
    sqlite_autoincrement=True,
)

observed = Table(
    "observed",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("format", Integer, nullable=False),
    Column("content", Text, nullable=False),
)
"""What each collector last saw of all it asks, one row each: one a thing and second is too many."""

reprobes = Table(
    "reprobes",
    metadata,
    Column("thing", String(255), primary_key=True),
    Column("asked_at", Moment, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("fingerprint", String(16), primary_key=True),
    Column("rule", String(64), nullable=False),
    Column("thing", String(255), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("since", Moment),
    Column("clear_since", Moment),
    Column("fired_at", Moment, index=True),
    Column("resolved_at", Moment, index=True),
    Column("episode", Integer, nullable=False),
    Column("owner", Text),
    Column("owner_reason", Text),
    Column("owned_at", Moment),
    Column("owned_until", Moment),
    Column("silences", JSON, nullable=False),
    Column("is_told", Boolean, nullable=False),
    Column("is_flapping", Boolean, nullable=False),
    Column("beginnings", JSON, nullable=False),
    Column("notices", Integer, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("device", Text, index=True),
    Column("link", Text, index=True),
    Column("site", Text, index=True),
    Column("cause", String(255)),
    Column("explains", JSON, nullable=False),
    Column("sites_down", JSON, nullable=False),
    Column("sites_degraded", JSON, nullable=False),
    Column("value", Float),
    Column("title_vi", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("sentence_vi", Text, nullable=False),
    Column("sentence_en", Text, nullable=False),
)

alert_entries = Table(
    "alert_entries",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("fingerprint", String(16), nullable=False, index=True),
    Column("episode", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor", Text),
    Column("text", Text, nullable=False),
    Column("details", JSON, nullable=False),
    sqlite_autoincrement=True,
)

notices = Table(
    "notices",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("key", String(80), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("fingerprint", String(16), nullable=False, index=True),
    Column("episode", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("receiver", String(64), primary_key=True),
    Column("key", String(120), primary_key=True),
    Column("message", Integer, primary_key=True, autoincrement=False),
    Column("notifier", String(32), nullable=False),
    Column("fate", String(16), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("due_at", Moment, index=True),
    Column("tries", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("fingerprints", JSON, nullable=False),
)

windows = Table(
    "windows",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("is_planned", Boolean, nullable=False),
    Column("scope", JSON, nullable=False),
    Column("start", Moment, nullable=False),
    Column("length_s", Float, nullable=False),
    Column("owner", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("announced_at", Moment, nullable=False),
    Column("recurrence", Text),
    Column("without", JSON, nullable=False),
    Column("lifted_at", Moment, index=True),
    Column("lifted_by", Text),
)

memories = Table(
    "memories",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("content", Text, nullable=False),
)

claims = Table(
    "claims",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("subject", String(255), nullable=False, index=True),
    Column("is_up", Boolean, nullable=False),
    Column("start", Moment, nullable=False),
    Column("until", Moment, nullable=False, index=True),
    Column("is_open", Boolean, nullable=False, index=True),
    Column("source", Text, nullable=False),
    sqlite_autoincrement=True,
)

duties = Table(
    "duties",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("person", String(64), nullable=False),
    Column("level", Integer, nullable=False),
    Column("start", Moment, nullable=False),
    Column("end", Moment, nullable=False, index=True),
    sqlite_autoincrement=True,
)

tickets = Table(
    "tickets",
    metadata,
    Column("fingerprint", String(16), primary_key=True),
    Column("episode", Integer, primary_key=True, autoincrement=False),
    Column("carrier", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("note", Text, nullable=False),
)

handovers = Table(
    "handovers",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("given_at", Moment, nullable=False),
    Column("given_by", Text, nullable=False),
    Column("taken_at", Moment),
    Column("taken_by", Text),
    Column("note", Text, nullable=False),
    Column("content", JSON, nullable=False),
)

displays = Table(
    "displays",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("code", String(64), nullable=False, unique=True),
    Column("asked_at", Moment, nullable=False),
    Column("paired_at", Moment),
    Column("paired_by", Text),
    Column("token", String(64), unique=True),
    Column("seen_at", Moment),
    Column("ends_at", Moment),
)

positions = Table(
    "positions",
    metadata,
    Column("view", String(32), primary_key=True),
    Column("thing", String(255), primary_key=True),
    Column("x", Float, nullable=False),
    Column("y", Float, nullable=False),
)
