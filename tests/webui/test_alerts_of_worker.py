# SPDX-License-Identifier: MIT
"""The pages over what the real alert worker decides: nothing is lost between the two."""

import re
from pathlib import Path

import pytest

from tests.alerts.stage import stage
from tests.webui.conftest import Site, add_people, post, settings, write_playbooks
from tinhnet.store.windows import list_windows
from webui.application import create_application

pytestmark = pytest.mark.patient

SILENCE: dict[str, str | list[str]] = {
    "kind": "silence",
    "link": "dien-ban-1",
    "lasts": "1h",
    "again": "once",
    "reason": "VNPT đang hàn cáp",
}


def test_a_cut_a_dead_core_and_a_silence_are_read_and_acted_upon(tmp_path: Path) -> None:
    """One alert for a circuit, one for a core with all its sites; a silence counts on the page."""
    write_playbooks(tmp_path / "playbooks")
    with stage(tmp_path / "state") as play:
        add_people(play.context)
        app = create_application(play.context, settings(tmp_path / "state", tmp_path / "playbooks"))
        client = Site(app, play.context, settings(tmp_path / "state", tmp_path)).visit("lan", "vi")

        play.breaks("link:dien-ban-1")
        (cut,) = play.firing()
        path = f"/alerts/{cut.alert.fingerprint}"
        inbox = client.get("/alerts").get_data(as_text=True)
        one = client.get(path).get_data(as_text=True)
        asked = post(client, "/maintenance/preview", SILENCE, page=path).get_data(as_text=True)
        post(client, "/maintenance", SILENCE, page=path)
        play.pass_time(2)
        with play.context.store.reading() as connection:
            (window,) = (kept.window for kept in list_windows(connection))
        silent = client.get(path).get_data(as_text=True)
        listed = client.get("/maintenance").get_data(as_text=True)
        play.breaks("device:core2")
        core = client.get("/alerts?severity=high").get_data(as_text=True)
        play.mends("link:dien-ban-1", "device:core2")
        over = client.get(path).get_data(as_text=True)

    assert len(re.findall(r'<tr id="a-', inbox)) == 1
    assert "ảnh hưởng: 1 điểm mạng" in inbox
    assert "Kính gửi tổng đài VNPT" in one
    assert "kênh dien-ban-2 của cùng điểm mạng hoạt động" in one
    assert "dien-ban-cpe1 vẫn trả lời qua đường khác" in one
    assert "Sẽ tắt tiếng 1 cảnh báo hiện có" in asked
    assert f"/maintenance#{window.id}" in silent
    assert "đã tắt tiếng" in silent
    assert re.search(r'data-label="Đang ẩn" class="end number">1<', listed)
    assert re.search(r"ảnh hưởng: \d\d+ điểm mạng · \d+ hệ quả", core)
    assert "kéo dài" in over
