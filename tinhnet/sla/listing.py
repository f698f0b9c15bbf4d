# SPDX-License-Identifier: MIT
"""The report as it leaves the product: API, CLI and CSV have the same numbers.

The shapes are contracts: docs/contracts/sla.schema.json.
"""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from tinhnet.alerting.ledger import Interval, Row, Verdict
from tinhnet.console import Cell
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.sla.report import KINDS, Planned, Report, target_of
from tinhnet.spreadsheet import BOM, line_of

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LISTS = {"circuit": "circuits", "site": "sites", "unit": "units", "carrier": "carriers"}
HEADS = {
    "vi": (
        "Loại",
        "Mã",
        "Tên",
        "Nhà mạng",
        "Mã kênh",
        "Tỷ lệ sẵn sàng (%)",
        "Phần đã biết (%)",
        "Cam kết (%)",
        "Đạt",
        "Hoạt động (giây)",
        "Gián đoạn (giây)",
        "Không rõ (giây)",
        "Có kế hoạch (giây)",
        "Số lần gián đoạn",
        "MTTR (giây)",
        "MTBF (giây)",
        "Từ",
        "Đến",
    ),
    "en": (
        "Kind",
        "Id",
        "Name",
        "Carrier",
        "Circuit id",
        "Availability (%)",
        "Known share (%)",
        "Contract (%)",
        "Met",
        "Up (s)",
        "Down (s)",
        "Unknown (s)",
        "Planned (s)",
        "Outages",
        "MTTR (s)",
        "MTBF (s)",
        "From",
        "Until",
    ),
}
SPOKEN = {
    "vi": {
        "circuit": "kênh truyền",
        "site": "điểm",
        "unit": "đơn vị",
        "carrier": "nhà mạng",
        "yes": "có",
        "no": "không",
    },
    "en": {
        "circuit": "circuit",
        "site": "site",
        "unit": "unit",
        "carrier": "carrier",
        "yes": "yes",
        "no": "no",
    },
}


def report_row(report: Report, network: DeclaredNetwork) -> dict[str, Cell]:
    """Return a whole report as plain JSON."""
    return {
        "month": report.month,
        "from": report.period.start.isoformat(),
        "until": report.period.end.isoformat(),
        "is_measured": report.claims > 0,
        "notice_s": report.notice_s,
        **{
            LISTS[kind]: [row_of(report, row, network) for row in report.of_kind(kind)]
            for kind in KINDS
        },
        "planned": [planned_row(one, report) for one in report.planned],
    }


def row_of(report: Report, row: Row, network: DeclaredNetwork) -> dict[str, Cell]:
    """Return a line of the report as plain JSON."""
    target = target_of(report, row, network)
    link = network.links[row.subject] if row.kind == "circuit" else None
    return {
        "id": row.subject,
        "name_vi": name_of(row.kind, row.subject, network, "vi"),
        "name_en": name_of(row.kind, row.subject, network, "en"),
        "site": network.devices[link.a.device].site if link else None,
        "carrier": link.carrier if link else None,
        "circuit_id": link.circuit_id if link else None,
        "availability_ratio": row.availability_ratio,
        "known_ratio": row.known_ratio,
        "target_ratio": target,
        "is_met": is_met(row, target),
        "up_s": row.up_s,
        "down_s": row.down_s,
        "unknown_s": row.unknown_s,
        "planned_s": row.planned_s,
        "outages": row.outages,
        "mttr_s": row.mttr_s,
        "mtbf_s": row.mtbf_s,
    }


def is_met(row: Row, target: float | None) -> bool | None:
    """Tell whether a contract was kept; None where there is none, or nothing is known."""
    if target is None or row.availability_ratio is None:
        return None
    return row.availability_ratio >= target


def interval_row(one: Interval) -> dict[str, Cell]:
    """Return a stretch of time as plain JSON."""
    return {
        "subject": one.subject,
        "verdict": one.verdict.value,
        "seen": one.seen.value,
        "start": one.start.isoformat(),
        "end": one.end.isoformat(),
        "seconds": one.seconds,
        "sources": list(one.sources),
    }


def planned_row(one: Planned, report: Report) -> dict[str, Cell]:
    """Return planned work as plain JSON; `excluded_s` is what it took out of each circuit."""
    start = max(one.work.start, report.period.start)
    end = min(one.work.end, report.period.end)
    return {
        "id": one.work.id,
        "owner": one.owner,
        "reason": one.reason,
        "announced_at": one.work.announced_at.isoformat(),
        "start": one.work.start.isoformat(),
        "end": one.work.end.isoformat(),
        "counts": one.counts,
        "excluded_s": (end - start).total_seconds() if one.counts else 0.0,
        "subjects": sorted(one.work.subjects),
    }


def name_of(kind: str, subject: str, network: DeclaredNetwork, language: str) -> str:
    """Return how people call a subject; a circuit by its site."""
    if kind == "carrier":
        carrier = network.carriers.get(subject)
        return carrier.name if carrier else subject
    if kind == "unit":
        unit = network.units[subject]
        return unit.name_vi if language == "vi" else unit.name_en
    id_ = network.devices[network.links[subject].a.device].site if kind == "circuit" else subject
    site = network.sites[id_]
    return site.name_vi if language == "vi" else site.name_en


def as_csv(report: Report, network: DeclaredNetwork, language: str) -> Iterator[str]:
    """Yield the report as CSV (RFC 4180) that spreadsheets open in Vietnamese."""
    yield BOM + line_of(HEADS[language])
    for kind in KINDS:
        for row in report.of_kind(kind):
            yield line_of(_cells(report, row, network, language))


def intervals_csv(found: Iterator[Interval] | tuple[Interval, ...], language: str) -> Iterator[str]:
    """Yield the intervals of a subject as CSV, in the time of Vietnam."""
    heads = {
        "vi": ("Đối tượng", "Từ", "Đến", "Giây", "Tính là", "Đã thấy", "Nguồn"),
        "en": ("Subject", "From", "Until", "Seconds", "Counts as", "Seen", "Sources"),
    }
    yield BOM + line_of(heads[language])
    for one in found:
        yield line_of(
            (
                one.subject,
                moment(one.start),
                moment(one.end),
                f"{one.seconds:.0f}",
                verdict_word(one.verdict, language),
                verdict_word(one.seen, language),
                " ".join(one.sources),
            )
        )


def verdict_word(verdict: Verdict, language: str) -> str:
    """Return a verdict as people read it in a file."""
    vietnamese = {
        Verdict.UP: "hoạt động",
        Verdict.DOWN: "gián đoạn",
        Verdict.UNKNOWN: "không rõ",
        Verdict.PLANNED: "có kế hoạch",
    }
    return vietnamese[verdict] if language == "vi" else verdict.value


def percent(ratio: float | None, digits: int = 4) -> str:
    """Return a ratio as a percentage, never rounded up to a whole; nothing where unknown."""
    if ratio is None:
        return ""
    scale = 10**digits
    return f"{int(ratio * 100 * scale + 1e-6) / scale:.{digits}f}"


def moment(at: datetime) -> str:
    """Return a moment of Vietnam as spreadsheets sort it."""
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"


def _cells(report: Report, row: Row, network: DeclaredNetwork, language: str) -> tuple[str, ...]:
    words, target = SPOKEN[language], target_of(report, row, network)
    link = network.links[row.subject] if row.kind == "circuit" else None
    met = is_met(row, target)
    return (
        words[row.kind],
        row.subject,
        name_of(row.kind, row.subject, network, language),
        name_of("carrier", link.carrier, network, language) if link and link.carrier else "",
        (link.circuit_id or "") if link else "",
        percent(row.availability_ratio),
        percent(row.known_ratio),
        percent(target),
        "" if met is None else words["yes" if met else "no"],
        *(f"{value:.0f}" for value in (row.up_s, row.down_s, row.unknown_s, row.planned_s)),
        str(row.outages),
        *("" if value is None else f"{value:.0f}" for value in (row.mttr_s, row.mtbf_s)),
        moment(report.period.start),
        moment(report.period.end),
    )
