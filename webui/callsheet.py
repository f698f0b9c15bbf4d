# SPDX-License-Identifier: MIT
"""What to read out when a carrier is called about a circuit: in Vietnamese, whoever reads it.

Proof from two ends: what the data centre sees of the circuit, and what is
heard from the site over another way.  What nobody knows is said to be unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tinhnet.model.alert import AlertRecord
from tinhnet.model.event import Event
from tinhnet.model.link import Endpoint, Link
from tinhnet.model.observation import Observation, State
from tinhnet.model.place import Carrier
from webui.figures import bandwidth, line
from webui.index import Index, addresses_of
from webui.moments import HERE
from webui.sentences import event_text, told_sentence

ROLES = {"primary": "kênh chính", "backup": "kênh dự phòng", "core": "kênh lõi"}
STATES = {
    State.UP: "hoạt động",
    State.DOWN: "mất kết nối",
    State.DEGRADED: "suy giảm",
    State.UNKNOWN: "không rõ",
}
MOST_EVENTS = 4
SPOKEN = "vi"
"""The language of the call."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call to make: to whom, about what, and what to say; `hotline` None: nobody declared it."""

    carrier: Carrier
    link: Link
    hotline: str | None
    text: str


def circuit_of(record: AlertRecord, index: Index) -> Link | None:
    """Return the carrier's circuit that an alert is about, None where it is about none."""
    link = index.network.links.get(record.link or "")
    if link is None or link.carrier not in index.network.carriers:
        return None
    return link if record.alert.thing == f"link:{link.id}" else None


def call_of(
    record: AlertRecord,
    index: Index,
    seen: Mapping[str, Observation],
    events: Sequence[Event],
    caller: tuple[str, datetime],
) -> Call | None:
    """Return the call about an alert, None where it is about no carrier's circuit.

    `caller` is who calls, and when.
    """
    link = circuit_of(record, index)
    if link is None or link.carrier is None:
        return None
    carrier, (name, now) = index.network.carriers[link.carrier], caller
    lines = [
        f"Kính gửi tổng đài {carrier.name},",
        f"{index.network.province.name_vi} báo sự cố kênh truyền số liệu.",
        "",
        (
            f"1. Mã kênh: {link.circuit_id or 'chưa khai báo'} "
            f"({ROLES.get(link.role, link.role)}, {bandwidth(link.bandwidth_bps)}); "
            f"tên nội bộ: {link.id}."
        ),
        f"2. Đầu điểm mạng: {_end(link.a, index)}.",
        f"3. Đầu trung tâm: {_end(link.b, index)}.",
        f"4. Hiện tượng: {record.sentence_vi}.",
        f"   {_times(record, now)}",
        "5. Bằng chứng từ hai đầu:",
        *(f"   - {one}" for one in proof_of(link, index, seen, events)),
        (
            f"6. Đề nghị {carrier.name} kiểm tra, xử lý và cho biết số phiếu sự cố, "
            "thời gian khắc phục dự kiến."
        ),
        "",
        f"Người báo: {name}, lúc {_moment(now)}.",
    ]
    return Call(carrier, link, carrier.hotline, "\n".join(lines))


def proof_of(
    link: Link, index: Index, seen: Mapping[str, Observation], events: Sequence[Event]
) -> list[str]:
    """Return what each end knows, in Vietnamese sentences without a full stop at their end."""
    core, router = link.b.device, link.a.device
    found = [f"Từ {core}: {_seen(seen.get(f'link:{link.id}'), 'kênh này')}"]
    others = [one for one in index.circuits.get(index.site_of(router).id, ()) if one.id != link.id]
    for other in others:
        what = f"kênh {other.id} của cùng điểm mạng"
        found.append(f"Từ {other.b.device}: {_seen(seen.get(f'link:{other.id}'), what)}")
    found.append(_far_end(router, seen.get(f"device:{router}"), has_other_way=bool(others)))
    ends = {(link.a.device, link.a.interface), (link.b.device, link.b.interface)}
    heard = [
        one
        for one in events
        if one.link == link.id or (one.device or "", one.interface or "") in ends
    ]
    found += [_heard(one) for one in heard[:MOST_EVENTS]]
    return found


def _far_end(router: str, seen: Observation | None, *, has_other_way: bool) -> str:
    """Return what is known of the router at the site."""
    if seen is None or seen.state is State.UNKNOWN:
        return f"Từ điểm mạng: chưa có số liệu của {router}"
    at = _moment(seen.at)
    if seen.state.works:
        way = "qua đường khác" if has_other_way else "trực tiếp"
        return (
            f"Từ điểm mạng: {router} vẫn trả lời {way} (lúc {at}), "
            "nguồn điện và thiết bị tại điểm mạng bình thường"
        )
    if has_other_way:
        return (
            f"Từ điểm mạng: {router} không trả lời qua đường nào (lúc {at}); "
            "chưa loại trừ mất điện tại điểm mạng"
        )
    return (
        f"Từ điểm mạng: không còn đường nào khác tới {router}; "
        "đầu này chưa chứng minh được, cần hỏi người tại chỗ"
    )


def _seen(one: Observation | None, what: str) -> str:
    if one is None:
        return f"chưa có số liệu về {what}"
    why = f" ({told_sentence(one.why, SPOKEN) or one.why})" if one.why else ""
    return f"{what} {STATES[one.state]}{why}, đo lúc {_moment(one.at)}"


def _heard(event: Event) -> str:
    who = event.device or "hệ thống"
    return f"{who} ghi nhận lúc {_moment(event.at)}: {line(event_text(event, SPOKEN))}"


def _end(end: Endpoint, index: Index) -> str:
    device = index.network.devices[end.device]
    site = index.network.sites[device.site]
    place = f"{site.name_vi}, {site.address}" if site.address else site.name_vi
    addresses = addresses_of(device.interface(end.interface))
    address = f", địa chỉ {addresses[0]}" if addresses else ""
    return f"{place}; thiết bị {device.id}, cổng {end.interface}{address}"


def _times(record: AlertRecord, now: datetime) -> str:
    alert = record.alert
    begun = alert.since or alert.fired_at
    if begun is None or (alert.resolved_at is not None and alert.since is None):
        ended = _moment(alert.resolved_at) if alert.resolved_at else "không rõ"
        return f"Đã hết lúc {ended}."
    minutes = int((now - begun).total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    passed = f"{hours} giờ {rest} phút" if hours else f"{minutes} phút"
    return f"Bắt đầu: {_moment(begun)}; đến nay {passed}."


def _moment(at: datetime) -> str:
    return f"{at.astimezone(HERE):%H:%M:%S ngày %d/%m/%Y}"
