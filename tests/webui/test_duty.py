# SPDX-License-Identifier: MIT
"""The duty calendar on its page, and what became of the last messages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.webui.conftest import Site, add_people, post, settings, write_playbooks
from tinhnet.context import open_context
from tinhnet.store.deliveries import KeptDelivery, add_deliveries
from tinhnet.store.duties import list_duties
from webui.application import create_application

pytestmark = pytest.mark.patient

FAR = datetime(2100, 1, 1, tzinfo=UTC)
FIELDS: dict[str, str | list[str]] = {
    "person": ["noc", "lan", "", ""],
    "level": "1",
    "start": "2096-11-26T07:00",
    "end": "2096-12-03T07:00",
    "times": "3",
}


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return an application with one receiver and one delivery."""
    directory = tmp_path_factory.mktemp("duty")
    write_playbooks(directory / "playbooks")
    (directory / "notify.d").mkdir()
    (directory / "notify.d" / "lan.toml").write_text(
        'format = 1\nnotifier = "webhook"\nperson = "lan"\n'
    )
    (directory / "notify.d" / "wrong.toml").write_text("level = 1\n")
    receivers = {"TINHNET__NOTIFY__RECEIVERS": str(directory / "notify.d")}
    loaded = settings(directory / "state", directory / "playbooks", **receivers)
    context = open_context(loaded)
    add_people(context)
    told = KeptDelivery(
        receiver="lan",
        key="f/1",
        message=1,
        notifier="webhook",
        at=context.now,
        subject="[CAO] Điện Bàn <b>",
        text="",
        facts={},
        fingerprints=("f" * 16,),
        due_at=context.now,
        fate="retry",
        tries=2,
        detail="noc answers 503",
    )
    with context.store.writing() as connection:
        add_deliveries(connection, [told])
    yield Site(create_application(context, loaded), context, loaded)
    context.store.close()


def test_a_weekly_handover_is_typed_once(desk: Site) -> None:
    """Three weeks, two persons, one form; the page opens at its first week."""
    client = desk.visit("tuan")
    answer = post(client, "/duty", FIELDS, page="/duty")
    page = client.get(answer.headers["Location"]).text

    with desk.context.store.reading() as connection:
        found = list_duties(connection, FAR - timedelta(days=2000), FAR)
    assert [one.person for one in found] == ["noc", "lan", "noc"]
    assert found[0].start == datetime(2096, 11, 26, 0, 0, tzinfo=UTC)
    assert "07:00 26/11" in page


def test_a_duty_is_taken_out_on_the_page(desk: Site) -> None:
    """Somebody falls ill."""
    client = desk.visit("tuan")
    now = desk.context.now + timedelta(hours=7)
    fields = FIELDS | {
        "start": f"{now:%Y-%m-%dT%H:%M}",
        "end": f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}",
        "times": "1",
    }
    post(client, "/duty", fields, page="/duty")
    with desk.context.store.reading() as connection:
        (kept,) = list_duties(connection, desk.context.now, desk.context.now + timedelta(days=2))
    assert f"/duty/{kept.number}/remove" in client.get("/duty").text

    post(client, f"/duty/{kept.number}/remove", {}, page="/duty")

    with desk.context.store.reading() as connection:
        assert list_duties(connection, desk.context.now, FAR) == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"person": ["", "", "", ""]}, "duty needs a person"),
        ({"start": "gestern"}, "is no moment"),
        ({"times": "1e9"}, "1 to 106 times"),
        ({"end": "2096-11-26T07:00"}, "ends after it begins"),
    ],
)
def test_what_makes_no_sense_is_said_and_the_form_keeps_what_was_typed(
    desk: Site, change: dict[str, str | list[str]], says: str
) -> None:
    """Nobody types a form twice."""
    answer = post(desk.visit("tuan"), "/duty", FIELDS | change, page="/duty")

    assert answer.status_code == 422
    assert says in answer.text
    assert 'value="2096-12-03T07:00"' in answer.text or "end" in change


def test_a_viewer_sees_and_changes_nothing(desk: Site) -> None:
    """Everybody may know who is on call."""
    client = desk.visit("minh")

    assert 'name="person"' not in client.get("/duty").text
    assert post(client, "/duty", FIELDS).status_code == 403


@pytest.mark.parametrize("language", ["vi", "en"])
def test_receivers_and_deliveries_stand_on_the_page(desk: Site, language: str) -> None:
    """Whoever asks "was I told?" finds the answer, and why not."""
    page = desk.visit("minh", language).get("/duty?fate=retry").text

    assert "[CAO] Điện Bàn &lt;b&gt;" in page
    assert ("noc trả lời 503" if language == "vi" else "noc answers 503") in page
    assert "wrong.toml" in page
    assert ("Không ai đang trực" if language == "vi" else "Nobody is on duty now") in page
    assert "503" not in desk.visit("minh").get("/duty?fate=delivered").text
