# SPDX-License-Identifier: MIT
"""What a message says: Vietnamese and English, for people and for machines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.telling.group import leader
from alerts.telling.schedule import RESOLVED, Item, Order
from tinhnet.model.alert import AlertRecord
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.link import Link

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LANGUAGES = ("vi", "en")
MOST_ALERTS = 20
MOST_THINGS = 12
MINUTE, HOUR = 60, 3600
WORDS: Mapping[str, Mapping[str, str]] = {
    "vi": {
        "critical": "NGHIÊM TRỌNG",
        "high": "CAO",
        "medium": "TRUNG BÌNH",
        "low": "THẤP",
        "info": "THÔNG TIN",
        "resolved": "ĐÃ KHÔI PHỤC",
        "partly_resolved": "KHÔI PHỤC MỘT PHẦN",
        "passed": "ĐÃ QUA",
        "escalated": "CHUYỂN CẤP {level}",
        "repeated": "NHẮC LẠI",
        "acknowledgement_lapsed": "HẾT HẠN NHẬN XỬ LÝ",
        "silence_lapsed": "HẾT TẮT TIẾNG",
        "why_escalated": "Chưa ai nhận xử lý cảnh báo này: chuyển lên cấp {level}.",
        "why_repeated": "Chưa ai nhận xử lý cảnh báo này: nhắc lại.",
        "why_acknowledgement_lapsed": "Thời hạn nhận xử lý đã hết mà sự cố vẫn còn.",
        "why_silence_lapsed": "Thời gian tắt tiếng đã hết mà sự cố vẫn còn.",
        "why_passed": "Sự cố xuất hiện rồi tự hết trước khi kịp báo.",
        "more": "và {count} cảnh báo khác",
        "more_things": "và {count} mục khác",
        "severity": "Mức độ",
        "since": "Từ lúc",
        "until": "Khôi phục lúc",
        "lasted": "kéo dài {duration}",
        "down": "Mất kết nối",
        "degraded": "Chạy trên kênh dự phòng",
        "cause": "Nguyên nhân gốc",
        "explains": "Hệ quả",
        "circuit": "Kênh truyền",
        "carrier": "Nhà mạng",
        "hotline": "tổng đài {hotline}",
        "no_hotline": "chưa khai báo tổng đài",
        "open": "Xem",
        "zone": "giờ Việt Nam",
        "primary": "kênh chính",
        "backup": "kênh dự phòng",
        "test": "[THỬ] tinhnet: tin nhắn thử gửi tới {receiver}",
        "test_text": "Đây là tin nhắn thử. Nếu bạn đọc được, kênh nhận tin {receiver} hoạt động.",
        "d": "ngày",
        "h": "giờ",
        "min": "phút",
        "s": "giây",
    },
    "en": {
        "critical": "CRITICAL",
        "high": "HIGH",
        "medium": "MEDIUM",
        "low": "LOW",
        "info": "INFO",
        "resolved": "RESOLVED",
        "partly_resolved": "PARTLY RESOLVED",
        "passed": "CAME AND WENT",
        "escalated": "ESCALATED TO LEVEL {level}",
        "repeated": "STILL OPEN",
        "acknowledgement_lapsed": "ACKNOWLEDGEMENT LAPSED",
        "silence_lapsed": "SILENCE LAPSED",
        "why_escalated": "Nobody acknowledged this alert: it goes to level {level}.",
        "why_repeated": "Nobody acknowledged this alert: it is told again.",
        "why_acknowledgement_lapsed": "The acknowledgement ended and the trouble did not.",
        "why_silence_lapsed": "The silence ended and the trouble did not.",
        "why_passed": "It came and went before it could be told.",
        "more": "and {count} more alerts",
        "more_things": "and {count} more",
        "severity": "Severity",
        "since": "Since",
        "until": "Resolved at",
        "lasted": "after {duration}",
        "down": "Cut off",
        "degraded": "On the backup circuit",
        "cause": "Cause",
        "explains": "It explains",
        "circuit": "Circuit",
        "carrier": "Carrier",
        "hotline": "hotline {hotline}",
        "no_hotline": "no hotline declared",
        "open": "Open",
        "zone": "time of Vietnam",
        "primary": "primary",
        "backup": "backup",
        "test": "[TEST] tinhnet: a test message to {receiver}",
        "test_text": "This is a test. If you can read it, the receiver {receiver} works.",
        "d": "d",
        "h": "h",
        "min": "min",
        "s": "s",
    },
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What a message is worded with: names of things, and where its links lead.

    `network` is None while no inventory loads: ids stand for names then.
    """

    network: DeclaredNetwork | None
    public_url: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A message in the language of its receiver."""

    subject: str
    text: str


def worded(order: Order, setting: Setting, first: str) -> Wording:
    """Return an order in words: subject in one language, text in both, `first` before."""
    second = next(one for one in LANGUAGES if one != first)
    parts = [_text(order, setting, first), _text(order, setting, second)]
    return Wording(_subject(order, setting, first), "\n\n--\n\n".join(parts) + "\n")


def test_message(receiver: str, first: str) -> Wording:
    """Return what tells that a receiver works."""
    second = next(one for one in LANGUAGES if one != first)
    texts = [WORDS[one]["test_text"].format(receiver=receiver) for one in (first, second)]
    return Wording(WORDS[first]["test"].format(receiver=receiver), "\n\n".join(texts) + "\n")


def facts(order: Order, setting: Setting) -> dict[str, object]:
    """Return what a machine reads of a message."""
    first = leader(one.record for one in order.items).alert
    return {
        "reason": order.reason,
        "level": order.level,
        "severity": first.severity,
        "alerts": [_facts_of(item, setting) for item in order.items],
    }


def duration(seconds: float, language: str) -> str:
    """Return how long something lasted, in its two largest units."""
    words, whole = WORDS[language], max(0, round(seconds))
    days, rest = divmod(whole, 24 * HOUR)
    parts = [
        (days, "d"),
        (rest // HOUR, "h"),
        (rest % HOUR // MINUTE, "min"),
        (rest % MINUTE, "s"),
    ]
    begun = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    shown = [
        (count, unit)
        for count, unit in parts[begun : begun + 2]
        if count or unit == parts[begun][1]
    ]
    return " ".join(f"{count} {words[unit]}" for count, unit in shown)


def _subject(order: Order, setting: Setting, language: str) -> str:
    words = WORDS[language]
    record = leader(one.record for one in order.items)
    tags = [words.get(order.reason, "").format(level=order.level)]
    tags += [] if order.reason == RESOLVED else [words[record.alert.severity]]
    marks = "".join(f"[{tag}]" for tag in tags if tag)
    more = f" (+{len(order.items) - 1})" if len(order.items) > 1 else ""
    return f"{marks} {_where(record, setting, language)}: {_title(record, language)}{more}"


def _where(record: AlertRecord, setting: Setting, language: str) -> str:
    """Return site and thing, as a person looks for them."""
    thing = record.alert.thing
    kind, _, id_ = thing.partition(":")
    site = _site(record.site, setting, language) if record.site else ""
    if kind == "site" or not site:
        return site or _name(thing, setting, language)
    return f"{site} · {id_}"


def _text(order: Order, setting: Setting, language: str) -> str:
    words = WORDS[language]
    lines: list[str] = []
    why = words.get(f"why_{order.reason}")
    if why:
        lines += [why.format(level=order.level), ""]
    for number, item in enumerate(order.items[:MOST_ALERTS]):
        lines += [""] if number else []
        lines += _item(item, setting, language)
    left = len(order.items) - MOST_ALERTS
    if left > 0:
        lines += ["", words["more"].format(count=left)]
    return "\n".join(lines)


def _item(item: Item, setting: Setting, language: str) -> list[str]:
    """Return the lines about one alert."""
    words, record = WORDS[language], item.record
    sentence = record.sentence_vi if language == "vi" else record.sentence_en
    lines = [sentence or _title(record, language)]
    lines.append(f"{words['severity']}: {words[record.alert.severity].lower()}")
    lines.append(f"{words['since']}: {_moment(item.since)} ({words['zone']})")
    if item.until is not None:
        lasted = duration((item.until - item.since).total_seconds(), language)
        lasted = words["lasted"].format(duration=lasted)
        lines.append(f"{words['until']}: {_moment(item.until)}, {lasted}")
    for word, sites in (("down", record.sites_down), ("degraded", record.sites_degraded)):
        if sites:
            named = [_site(one, setting, language) for one in sites]
            lines.append(f"{words[word]}: {_listed(named, language)}")
    if record.cause:
        lines.append(f"{words['cause']}: {_name(record.cause, setting, language)}")
    if record.explains:
        named = [_name(one, setting, language) for one in record.explains]
        lines.append(f"{words['explains']}: {_listed(named, language)}")
    lines += _circuit(record, setting, language)
    lines.append(f"{words['open']}: {_url(record, setting)}")
    return lines


def _circuit(record: AlertRecord, setting: Setting, language: str) -> list[str]:
    """Return circuit id, ends, and whom to call, where the alert is about a circuit."""
    link = _link(record, setting)
    if link is None or setting.network is None:
        return []
    words = WORDS[language]
    role = words.get(link.role, link.role)
    ends = f"{link.a.device} ↔ {link.b.device}"
    carrier = setting.network.carriers.get(link.carrier or "")
    lines = [f"{words['circuit']}: {link.circuit_id or link.id} ({link.id}, {role}), {ends}"]
    if carrier is not None:
        call = words["hotline"].format(hotline=carrier.hotline) if carrier.hotline else ""
        lines.append(f"{words['carrier']}: {carrier.name}, {call or words['no_hotline']}")
    return lines


def _facts_of(item: Item, setting: Setting) -> dict[str, object]:
    record, alert, link = item.record, item.record.alert, _link(item.record, setting)
    return {
        "fingerprint": alert.fingerprint,
        "episode": item.episode,
        "rule": alert.rule,
        "severity": alert.severity,
        "thing": alert.thing,
        "state": "resolved" if item.until else "firing",
        "since": item.since.isoformat(),
        "until": item.until.isoformat() if item.until else None,
        "site": record.site,
        "device": record.device,
        "link": record.link,
        "circuit_id": link.circuit_id if link else None,
        "carrier": link.carrier if link else None,
        "cause": record.cause,
        "explains": list(record.explains),
        "sites_down": list(record.sites_down),
        "sites_degraded": list(record.sites_degraded),
        "title_vi": record.title_vi,
        "title_en": record.title_en,
        "sentence_vi": record.sentence_vi,
        "sentence_en": record.sentence_en,
        "url": _url(record, setting),
    }


def _link(record: AlertRecord, setting: Setting) -> Link | None:
    """Return the circuit that an alert is about, None where it is about none."""
    if setting.network is None or not record.link:
        return None
    link = setting.network.links.get(record.link)
    return link if link is not None and link.kind == "circuit" else None


def _title(record: AlertRecord, language: str) -> str:
    return record.title_vi if language == "vi" else record.title_en


def _site(id_: str, setting: Setting, language: str) -> str:
    site = setting.network.sites.get(id_) if setting.network else None
    if site is None:
        return id_
    return site.name_vi if language == "vi" else site.name_en


def _name(thing: str, setting: Setting, language: str) -> str:
    """Return a thing as people call it: sites by their names, the rest by id."""
    kind, _, id_ = thing.partition(":")
    return _site(id_, setting, language) if kind == "site" else (id_ or thing)


def _listed(named: list[str], language: str) -> str:
    left = len(named) - MOST_THINGS
    more = [WORDS[language]["more_things"].format(count=left)] if left > 0 else []
    return ", ".join([*named[:MOST_THINGS], *more])


def _moment(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%H:%M:%S %d/%m/%Y}"


def _url(record: AlertRecord, setting: Setting) -> str:
    return f"{setting.public_url}/alerts/{record.alert.fingerprint}"
