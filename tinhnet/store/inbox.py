# SPDX-License-Identifier: MIT
"""The NOC's list of alerts: in the order of work, what is explained folded under its cause."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, String, and_, case, cast, func, or_, select

from tinhnet.model.alert import AlertRecord, AlertState
from tinhnet.model.event import Severity
from tinhnet.store.alerts import find_alert, find_alerts
from tinhnet.store.schema.alerts import alert_entries, alerts, handovers, tickets, windows

CAUSES = ("circuit-down", "device-down", "service-down", "site-down", "network-down")
"""Rules whose alerts are causes: the ones that others hide behind (docs/watch.md)."""
ALIVE = (AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.SILENCED, AlertState.PENDING)
SHOWN = ALIVE[:3]


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """Which alerts are wanted; None means whatever it is.

    `site` also means alerts of elsewhere that take the site down or degrade
    it.  With `is_unfolded` those stand in the list too that hide behind a
    cause which is in it.
    """

    states: tuple[AlertState, ...] = SHOWN
    severity: str | None = None
    site: str | None = None
    rule: str | None = None
    is_unfolded: bool = False


@dataclass(frozen=True, slots=True)
class Tallies:
    """How many alerts hold, of the site and rule that are wanted.

    `counts` are those of the list, by state and severity; `folded` those
    that hide behind a cause of the list, by severity; all of them are silenced.
    """

    counts: Mapping[AlertState, Mapping[str, int]]
    folded: Mapping[str, int]

    def of(self, state: AlertState) -> int:
        """Return how many alerts of a state the list has."""
        return sum(self.counts.get(state, {}).values())

    @property
    def severities(self) -> dict[str, int]:
        """Return what fires by severity, the worst first."""
        firing = self.counts.get(AlertState.FIRING, {})
        return {one.value: firing[one.value] for one in Severity if firing.get(one.value)}

    @property
    def hidden(self) -> int:
        """Return how many alerts are folded."""
        return sum(self.folded.values())

    def total(self, wanted: InboxFilter) -> int:
        """Return how many alerts a list of these has, as far as they hold."""
        found = 0
        for state in wanted.states:
            counts = dict(self.counts.get(state, {}))
            if wanted.is_unfolded and state is AlertState.SILENCED:
                counts = {
                    one.value: counts.get(one.value, 0) + self.folded.get(one.value, 0)
                    for one in Severity
                }
            found += sum(count for name, count in counts.items() if wanted.severity in (None, name))
        return found


ALL = InboxFilter()


def list_inbox(
    connection: Connection, wanted: InboxFilter = ALL, *, limit: int, offset: int = 0
) -> tuple[AlertRecord, ...]:
    """Return the wanted alerts: firing, acknowledged, silenced; worst first; newest first."""
    is_over = wanted.states == (AlertState.RESOLVED,)
    fired = func.coalesce(alerts.c.fired_at, alerts.c.since)
    statement = (
        select(alerts.c.fingerprint)
        .where(*_conditions(wanted))
        .order_by(
            _rank(alerts.c.state, [*ALIVE, AlertState.RESOLVED]),
            *((alerts.c.resolved_at.desc(),) if is_over else (_worst(), fired.desc())),
            alerts.c.fingerprint,
        )
        .limit(limit)
        .offset(offset)
    )
    return tuple(find_alerts(connection, connection.scalars(statement)).values())


def count_inbox(connection: Connection, wanted: InboxFilter = ALL) -> int:
    """Return how many alerts the list has in all."""
    statement = select(func.count()).select_from(alerts).where(*_conditions(wanted))
    return connection.execute(statement).scalar_one()


def tallies(connection: Connection, wanted: InboxFilter = ALL) -> Tallies:
    """Return how many alerts hold, of the site and rule that are wanted.

    Two plain scans: one grouped by state, severity and folding at once took
    thrice as long with 13,000 alerts.
    """
    severities = [one.value for one in Severity]
    sums = (func.sum(case((alerts.c.severity == one, 1), else_=0)) for one in severities)
    statement = (
        select(alerts.c.state, *sums)
        .where(alerts.c.state.in_([one.value for one in ALIVE]), *_about(wanted))
        .group_by(alerts.c.state)
    )
    counts = {
        AlertState(row[0]): dict(zip(severities, row[1:], strict=True))
        for row in connection.execute(statement)
    }
    hidden = (
        select(alerts.c.severity, func.count())
        .where(_folded(), *_about(wanted))
        .group_by(alerts.c.severity)
    )
    folded = {row[0]: row[1] for row in connection.execute(hidden)}
    if AlertState.SILENCED in counts:
        silenced = counts[AlertState.SILENCED]
        counts[AlertState.SILENCED] = {
            name: silenced[name] - folded.get(name, 0) for name in severities
        }
    return Tallies(counts, folded)


def sites_of(connection: Connection) -> tuple[str, ...]:
    """Return the sites that alerts are or were about."""
    statement = select(alerts.c.site).where(alerts.c.site.is_not(None)).distinct()
    return tuple(sorted(connection.scalars(statement)))


def counts_by_rule(connection: Connection) -> dict[str, int]:
    """Return how many alerts of each rule hold; rules without any are left out."""
    alive = alerts.c.state.in_([one.value for one in SHOWN])
    statement = select(alerts.c.rule, func.count()).where(alive).group_by(alerts.c.rule)
    return {row[0]: row[1] for row in connection.execute(statement)}


def hidden_counts(connection: Connection, things: Iterable[str]) -> dict[str, int]:
    """Return how many alerts hide behind each of these causes."""
    statement = (
        select(alerts.c.cause, func.count())
        .where(alerts.c.state == AlertState.SILENCED.value, alerts.c.cause.in_(sorted(things)))
        .group_by(alerts.c.cause)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def list_hidden(connection: Connection, thing: str, limit: int) -> tuple[AlertRecord, ...]:
    """Return alerts that hide behind a cause, the worst first."""
    statement = (
        select(alerts.c.fingerprint)
        .where(alerts.c.state == AlertState.SILENCED.value, alerts.c.cause == thing)
        .order_by(_worst(), alerts.c.fingerprint)
        .limit(limit)
    )
    return tuple(find_alerts(connection, connection.scalars(statement)).values())


def find_cause(connection: Connection, thing: str) -> AlertRecord | None:
    """Return the alert of a cause that holds, None where there is none."""
    statement = select(alerts.c.fingerprint).where(
        alerts.c.thing == thing,
        alerts.c.rule.in_(CAUSES),
        alerts.c.state.in_([one.value for one in SHOWN]),
    )
    found = connection.scalars(statement).first()
    return None if found is None else find_alert(connection, found)


def last_ended(connection: Connection) -> AlertRecord | None:
    """Return the alert that ended last, None where none ever did."""
    statement = (
        select(alerts.c.fingerprint)
        .where(alerts.c.state == AlertState.RESOLVED.value, alerts.c.resolved_at.is_not(None))
        .order_by(alerts.c.resolved_at.desc())
        .limit(1)
    )
    found = connection.scalars(statement).first()
    return None if found is None else find_alert(connection, found)


def muted_by(connection: Connection, window: str) -> int:
    """Return how many alerts a window hides now."""
    names = cast(alerts.c.silences, String)
    statement = (
        select(func.count())
        .select_from(alerts)
        .where(
            alerts.c.state == AlertState.SILENCED.value,
            names.contains(f'{window}"', autoescape=True),
        )
    )
    return connection.execute(statement).scalar_one()


def signature(connection: Connection) -> tuple[object, ...]:
    """Return what differs when a page about alerts, windows, tickets or shifts is out of date.

    Every step in the life of an alert writes a line of its timeline, so the
    alerts themselves need not be looked at.
    """
    return (
        connection.execute(select(func.max(alert_entries.c.number))).scalar_one(),
        *connection.execute(select(func.count(), func.count(windows.c.lifted_at))).one(),
        connection.execute(select(func.max(tickets.c.opened_at))).scalar_one(),
        *connection.execute(select(func.count(), func.count(handovers.c.taken_at))).one(),
    )


def _conditions(wanted: InboxFilter) -> list[ColumnElement[bool]]:
    found = [alerts.c.state.in_([one.value for one in wanted.states]), *_about(wanted)]
    if wanted.severity is not None:
        found.append(alerts.c.severity == wanted.severity)
    if not wanted.is_unfolded and AlertState.SILENCED in wanted.states:
        found.append(~_folded())
    return found


def _about(wanted: InboxFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of site and rule."""
    found: list[ColumnElement[bool]] = []
    if wanted.rule is not None:
        found.append(alerts.c.rule == wanted.rule)
    if wanted.site is not None:
        hurt = (
            cast(column, String).contains(f'"{wanted.site}"', autoescape=True)
            for column in (alerts.c.sites_down, alerts.c.sites_degraded)
        )
        found.append(or_(alerts.c.site == wanted.site, *hurt))
    return found


def _folded() -> ColumnElement[bool]:
    """Return whether an alert hides behind a cause that is itself in the list.

    One whose cause is gone is never folded: nothing may be hidden by nobody.
    """
    causes = alerts.alias("causes")
    things = select(causes.c.thing).where(
        causes.c.rule.in_(CAUSES),
        causes.c.state.in_([one.value for one in SHOWN]),
        causes.c.cause.is_(None),
    )
    return and_(
        alerts.c.state == AlertState.SILENCED.value,
        alerts.c.cause.is_not(None),
        alerts.c.cause.in_(things),
    )


def _worst() -> ColumnElement[int]:
    return _rank(alerts.c.severity, list(Severity))


def _rank(
    column: ColumnElement[str], words: list[AlertState] | list[Severity]
) -> ColumnElement[int]:
    return case({word.value: place for place, word in enumerate(words)}, value=column, else_=99)
