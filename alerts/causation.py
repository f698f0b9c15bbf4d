# SPDX-License-Identifier: MIT
"""What root cause says of alerts: which hold, which are over, and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.cause import Cause, Judgement, Recovery
from alerts.graph import Graph
from alerts.memory import Memory
from alerts.naming import place_of
from alerts.statement import Statement
from tinhnet.alerting.rules import Rule
from tinhnet.alerting.trial import Condition
from tinhnet.model.alert import AlertRecord
from tinhnet.model.declared import DeclaredNetwork

LISTED = 200
"""Things of one line of a timeline; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Instant:
    """One judgement with what it was made of."""

    network: DeclaredNetwork
    graph: Graph
    rules: Mapping[str, Rule]
    memory: Memory
    judged: Judgement
    now: datetime


def rules_of_causes(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """Return the rule that tells the causes of each kind of thing."""
    return {rule.judges: rule for rule in rules.values() if rule.judges is not None}


def statements(instant: Instant, alive: Iterable[AlertRecord]) -> Iterator[Statement]:
    """Yield what root cause says of the alerts that hold and of those that must begin.

    It says nothing of one whose thing waits for its proof, or that nobody
    can see: such an alert stays as it is.
    """
    rules = rules_of_causes(instant.rules)
    holding = {one.thing: one for one in instant.judged.causes}
    for cause in holding.values():
        rule = rules.get(cause.thing.partition(":")[0])
        if rule is not None:
            yield _holds(instant, rule, cause)
    silent = [one for one in _planned_roots(instant) if one not in holding]
    for thing in silent:
        rule = rules.get(thing.partition(":")[0])
        if rule is not None:
            yield _planned(instant, rule, thing)
    told = {*holding, *silent}
    closed = {one.thing: one for one in instant.judged.closed}
    for record in alive:
        rule = instant.rules.get(record.alert.rule)
        if rule is None or rule.judges is None or record.alert.thing in told:
            continue
        over = _over(instant, rule, record, closed.get(record.alert.thing))
        if over is not None:
            yield over


def _holds(instant: Instant, rule: Rule, cause: Cause) -> Statement:
    place = place_of(cause.thing, instant.network)
    vi, en = _hurt(cause)
    explains = (*cause.explains, *cause.unseen)
    return Statement(
        rule=rule,
        labels={"thing": cause.thing},
        place=place,
        condition=Condition.HOLDS,
        at=cause.since,
        explains=explains,
        sites_down=cause.sites_down,
        sites_degraded=cause.sites_degraded,
        remark_vi=vi,
        remark_en=en,
    )


def _planned(instant: Instant, rule: Rule, thing: str) -> Statement:
    record = instant.memory.records.get(thing)
    since = record.down_since if record and record.down_since else instant.now
    return Statement(
        rule=rule,
        labels={"thing": thing},
        place=place_of(thing, instant.network),
        condition=Condition.HOLDS,
        at=since,
        remark_vi=" · trong thời gian bảo trì",
        remark_en=" · under planned work",
    )


def _planned_roots(instant: Instant) -> list[str]:
    """Return what planned work took down itself, not what fell with it."""
    planned = set(instant.judged.planned)
    return [
        thing
        for thing in instant.judged.planned
        if not any(all(need in planned for need in group) for group in _needs(instant, thing))
    ]


def _needs(instant: Instant, thing: str) -> tuple[tuple[str, ...], ...]:
    return instant.graph.things[thing].needs


def _over(
    instant: Instant, rule: Rule, record: AlertRecord, recovery: Recovery | None
) -> Statement | None:
    """Return how a cause ended, None while it cannot be told to have."""
    thing = record.alert.thing
    if recovery is not None:
        return _ended(instant, rule, thing, recovery)
    known = instant.memory.records.get(thing)
    roots = instant.judged.hidden.get(thing, ())
    if thing not in instant.graph.things:
        vi, en = "không còn trong khai báo", "no longer declared"
    elif roots:
        vi, en = _explained(instant, roots)
    elif known is not None and known.state.works:
        vi, en = "đã hoạt động lại", "works again"
    else:
        return None
    at = known.works_at if known and known.works_at and known.state.works else instant.now
    return _clear(instant, rule, thing, at, (vi, en), {})


def _ended(instant: Instant, rule: Rule, thing: str, recovery: Recovery) -> Statement:
    words = {
        "works": ("đã hoạt động lại", "works again"),
        "explained": _explained(instant, recovery.by),
        "planned": ("thuộc công việc đã lên kế hoạch", "is under planned work"),
        "removed": ("không còn trong khai báo", "no longer declared"),
    }
    details = {"reason": recovery.reason}
    for key, things in (("back", recovery.back), ("still_down", recovery.still_down)):
        if things:
            details |= {key: " ".join(things[:LISTED]), f"{key}_count": str(len(things))}
    if recovery.by:
        details["by"] = " ".join(recovery.by)
    return _clear(instant, rule, thing, recovery.until, words[recovery.reason], details)


def _clear(
    instant: Instant,
    rule: Rule,
    thing: str,
    at: datetime,
    words: tuple[str, str],
    details: Mapping[str, str],
) -> Statement:
    return Statement(
        rule=rule,
        labels={"thing": thing},
        place=place_of(thing, instant.network),
        condition=Condition.CLEAR,
        at=at,
        remark_vi=words[0],
        remark_en=words[1],
        details=details,
    )


def _explained(instant: Instant, by: Iterable[str]) -> tuple[str, str]:
    places = [place_of(one, instant.network) for one in by]
    vi = ", ".join(one.name_vi for one in places)
    en = ", ".join(one.name_en for one in places)
    return f"nằm trong sự cố của {vi}", f"is part of the failure of {en}"


def _hurt(cause: Cause) -> tuple[str, str]:
    """Return whom a cause hurts and what of it is in doubt, behind its sentence."""
    vi: list[str] = []
    en: list[str] = []
    for sites, word_vi, word_en in (
        (cause.sites_down, "mất kết nối", "cut off"),
        (cause.sites_degraded, "chạy trên kênh còn lại", "on their other circuit"),
    ):
        if sites:
            many = "s" if len(sites) > 1 else ""
            vi.append(f"{len(sites)} đơn vị {word_vi}")
            en.append(f"{len(sites)} site{many} {word_en}")
    explained = len(cause.explains) + len(cause.unseen)
    if explained:
        vi.append(f"kéo theo {explained} thành phần")
        en.append(f"explains {explained} more")
    if cause.unsure:
        doubt = ", ".join(cause.unsure[:3])
        vi.append(f"chưa kiểm chứng được {doubt}")
        en.append(f"unproven: {doubt}")
    return _behind(vi), _behind(en)


def _behind(parts: list[str]) -> str:
    return f" · {'; '.join(parts)}" if parts else ""
