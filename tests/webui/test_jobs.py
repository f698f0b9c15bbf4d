# SPDX-License-Identifier: MIT
"""Jobs on pages: launched with care, read line by line, never truncated."""

import re
from contextlib import ExitStack
from datetime import UTC, datetime
from html import unescape

import pytest

from tests.webui.conftest import OPERATOR, Site, post
from tinhnet import actions, reasons
from tinhnet.model.job import (
    DeviceResult,
    Job,
    JobDevice,
    JobEvent,
    JobRequest,
    JobState,
)
from tinhnet.store.jobs import add_events, count_jobs, get_job, list_jobs, put_devices
from tinhnet.store.leases import Start, end_job, start_job

pytestmark = pytest.mark.patient

LINES = 1300
FAILED_AT = 700
PURPOSE = "Mạch thứ hai cho Điện Bàn"
RISKY: dict[str, str | list[str]] = {
    "playbook": "change.yml",
    "limit": "dien-ban",
    "mode": "apply",
    "purpose": PURPOSE,
}
BEGAN = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def ended(site: Site) -> Job:
    """Return a job that ended with a failed device, written as its worker writes it."""
    context, now = site.context, site.context.now
    job = actions.launch_job(
        context, OPERATOR, JobRequest("change.yml", "cpe", diff=True, purpose=PURPOSE)
    )
    devices = ["core1", "dien-ban-cpe1", "hoi-an-cpe1"]
    start = Start("w", now, ["ansible-playbook", "change.yml"], "0" * 40, "2.19.4", devices)
    with context.store.writing() as connection:
        running = start_job(connection, job, start, now)
        assert running is not None
        lines = [_line(number) for number in range(1, LINES + 1)]
        add_events(connection, running, lines)
        results = {
            "core1": DeviceResult.OK,
            "dien-ban-cpe1": DeviceResult.FAILED,
            "hoi-an-cpe1": DeviceResult.CHANGED,
        }
        known = {
            name: JobDevice(name, result, int(result is DeviceResult.CHANGED), "Push", "refused")
            for name, result in results.items()
        }
        put_devices(connection, job.number, known.values())
        end_job(connection, running, JobState.FAILED, "1 of 3 devices failed", known, now)
        return get_job(connection, job.number)


def _line(number: int) -> JobEvent:
    fails = number == FAILED_AT
    return JobEvent(
        seq=number,
        at=BEGAN,
        device="dien-ban-cpe1" if fails else None,
        task="Push",
        kind="result" if fails else "line",
        text=f"dòng {number} <b>&",
        result="failed" if fails else None,
    )


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="L(\d+)"', text)]


def test_the_whole_log_can_be_walked_through_without_scripts(site: Site, ended: Job) -> None:
    """Rivals go blank above 4,000 lines; here every line has a page."""
    client = site.visit("minh")
    seen: list[int] = []
    path = f"/jobs/{ended.id}?after=0"
    while path:
        page = client.get(path).get_data(as_text=True)
        seen += _numbers(page)
        later = re.search(r'href="(/jobs/J\d+\?after=\d+)">Later lines', page)
        path = later[1] if later else ""

    assert seen == list(range(1, LINES + 1))


def test_lines_are_text_whatever_they_hold(site: Site, ended: Job) -> None:
    """A device's banner must not become markup."""
    page = site.visit("minh").get(f"/jobs/{ended.id}/lines?after=0&limit=1").get_data(as_text=True)

    assert "dòng 1 &lt;b&gt;&amp;" in page


def test_the_download_is_the_whole_log(site: Site, ended: Job) -> None:
    """What is kept as evidence must not be a window of it."""
    text = site.visit("minh").get(f"/jobs/{ended.id}/log.txt").get_data(as_text=True)

    assert text.splitlines() == [f"dòng {number} <b>&" for number in range(1, LINES + 1)]


def test_a_stream_resumes_after_the_last_line_it_sent(site: Site, ended: Job) -> None:
    """A page that lost its connection goes on where it was, on any worker."""
    client = site.visit("minh")

    first = client.get(f"/jobs/{ended.id}/stream?after=0").get_data(as_text=True)
    again = client.get(
        f"/jobs/{ended.id}/stream?after=0", headers={"Last-Event-ID": "1250"}
    ).get_data(as_text=True)

    assert _numbers(first) == list(range(1, LINES + 1))
    assert _numbers(again) == list(range(1251, LINES + 1))
    assert first.rstrip().endswith("event: end\ndata: failed")


def test_a_stream_without_a_place_is_told_to_poll(site: Site, ended: Job) -> None:
    """Streams hold threads; ordinary clicks must keep some."""
    pulse = site.app.extensions["tinhnet"].pulse
    client = site.visit("minh")
    with ExitStack() as held:
        for _ in range(site.context.config.web.threads // 2):
            held.enter_context(pulse.stream())
        answer = client.get(f"/jobs/{ended.id}/stream?after=0")

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_failed_devices_come_first_with_their_line(site: Site, ended: Job) -> None:
    """Forty devices are well; the page is about the one that is not."""
    client = site.visit("lan")

    page = client.get(f"/jobs/{ended.id}").get_data(as_text=True)

    assert page.index("dien-ban-cpe1") < page.index("core1")
    assert f'data-line="{FAILED_AT}"' in page
    assert client.get(f"/jobs/{ended.id}/fault?after=0").json == {"seq": FAILED_AT}


def test_a_device_opens_into_its_tasks_beside_the_log(site: Site, ended: Job) -> None:
    """Which task failed, and where in the log it begins, without reading 1,300 lines."""
    client = site.visit("minh")

    page = client.get(f"/jobs/{ended.id}?device=dien-ban-cpe1").get_data(as_text=True)
    part = client.get(f"/jobs/{ended.id}/tasks?device=dien-ban-cpe1").get_data(as_text=True)

    for shown in (page, part):
        panel = shown[shown.index('id="device-tasks"') :]
        assert f'data-line="{FAILED_AT}"' in panel
        assert "Push" in panel
        assert "/devices/dien-ban-cpe1" in panel
    assert "html" not in part
    assert client.get(f"/jobs/{ended.id}/tasks?device=nobody").status_code == 404


def test_failures_that_are_alike_stand_together(site: Site) -> None:
    """Three devices refuse the same line, one is gone: two things to look at."""
    said = {name: f"{name}: line {n} refused" for n, name in enumerate(("core1", "core2", "fw1"))}
    job = _ended_with(site, said | {"edge1": "no answer"}, "4 of 4 devices did not end well: core1")

    page = site.visit("minh").get(f"/jobs/{job.id}").get_data(as_text=True)

    assert page.count('class="alike"') == 2
    assert page.index("core1: line 0 refused") < page.index("no answer")
    assert "core2: line 1 refused" not in page


def test_why_a_job_ended_is_told_in_the_readers_language(site: Site) -> None:
    """Our own sentences are Vietnamese on Vietnamese pages; a device's own words stay."""
    unknown = reasons.UNKNOWN % {"why": "cancelled by lan", "task": "Push"}
    job = _ended_with(site, {"core1": unknown, "core2": "% Invalid input"}, "cancelled by lan")
    silent = _ended_with(site, {}, "cancelled by lan before it started")

    page = site.visit("minh", "vi").get(f"/jobs/{job.id}").get_data(as_text=True)
    other = site.visit("minh", "vi").get(f"/jobs/{silent.id}").get_data(as_text=True)

    assert "không rõ trạng thái: lan hủy trong hoặc sau bước “Push”" in page
    assert '<span lang="en">% Invalid input</span>' in page
    assert "lan đã hủy trước khi bắt đầu" in other


def _ended_with(site: Site, failed: dict[str, str], reason: str) -> Job:
    """Return a job whose devices failed saying this."""
    context, now = site.context, site.context.now
    asked = JobRequest("change.yml", purpose=PURPOSE)
    job = actions.launch_job(context, OPERATOR, asked)
    results = {
        name: JobDevice(name, DeviceResult.FAILED, 0, "Push", text) for name, text in failed.items()
    }
    with context.store.writing() as connection:
        start = Start("w", now, ["ansible-playbook"], None, "2.19.4", list(failed))
        running = start_job(connection, job, start, now)
        assert running is not None
        end_job(connection, running, JobState.FAILED, reason, results, now)
        return get_job(connection, job.number)


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("playbook=change.yml", True),
        ("playbook=count.yml", False),
        ("actor=local:test", True),
        ("actor=lan", False),
        ("result=changed", True),
        ("result=rolled_back", False),
        ("device=hoi-an-cpe1&state=failed", True),
        ("device=edge1&result=changed", False),
        ("changed=24h", True),
        ("changed=nonsense&result=nonsense", True),
    ],
)
def test_the_list_is_filtered_by_its_address(
    site: Site, ended: Job, query: str, *, is_found: bool
) -> None:
    """Which jobs changed something since yesterday, and whose: rivals cannot say."""
    page = site.visit("minh").get(f"/jobs?{query}").get_data(as_text=True)

    assert (f'href="/jobs/{ended.id}"' in page) is is_found


def test_the_same_run_on_the_failed_devices_is_one_click_away(site: Site, ended: Job) -> None:
    """Nobody types the names of failed devices at night."""
    page = site.visit("lan").get(f"/jobs/{ended.id}").get_data(as_text=True)

    found = re.search(r'href="(/playbooks/change.yml/review\?[^"]+)"', page)
    assert found is not None
    assert "limit=dien-ban-cpe1" in found[1]
    assert "mode=apply" in found[1]


def test_the_device_shows_what_the_job_did_to_it(site: Site, ended: Job) -> None:
    """Finding all jobs that touched a device is asked of rivals for years."""
    page = site.visit("minh").get("/devices/dien-ban-cpe1").get_data(as_text=True)

    assert f"/jobs/{ended.id}" in page
    assert "failed" in page


def test_a_job_is_reviewed_with_its_targets_before_it_can_start(site: Site) -> None:
    """N devices and M sites stand on the page before anything happens; Ansible names them."""
    client = site.visit("lan")

    page = client.get("/playbooks/change.yml/review?limit=dien-ban&mode=apply").get_data(
        as_text=True
    )

    assert "1 device · 1 site" in page
    assert "dien-ban-cpe1" in page
    assert 'name="confirm"' in page
    assert "--limit" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"confirm": "40"}, "you typed 40, Ansible names 1"),
        ({"confirm": "40", "expected": "40"}, "you typed 40, Ansible names 1"),
        ({"confirm": "", "expected": ""}, "type the number of devices"),
        ({}, "type the number of devices"),
        ({"confirm": "1", "limit": "nobody"}, "does not accept this target"),
        ({"confirm": "0", "limit": "core1"}, "No device matches"),
    ],
    ids=["wrong", "agreeing-form", "empty", "absent", "unknown", "nothing"],
)
def test_a_risky_run_needs_the_number_of_devices_that_ansible_names_now(
    site: Site, fields: dict[str, str | list[str]], said: str
) -> None:
    """A click too many must not touch forty routers, whatever the form carried along."""
    client = site.visit("lan")
    with site.context.store.reading() as connection:
        before = count_jobs(connection)

    refused = post(client, "/jobs", RISKY | fields)

    assert "/review?" in (refused.location or "")
    with client.session_transaction() as session:
        assert said in str(session["_flashes"])
    client.get("/profile")
    with site.context.store.reading() as connection:
        assert count_jobs(connection) == before


def test_the_right_number_of_devices_starts_a_risky_run(site: Site) -> None:
    """Typed as the page said it; a space around it is no other number."""
    accepted = post(site.visit("lan"), "/jobs", RISKY | {"confirm": " 1 "})

    assert re.fullmatch(r"/jobs/J\d+", accepted.location or "")


def test_the_catalogue_says_what_a_playbook_does_and_on_what(site: Site) -> None:
    """Choosing comes before reading files: sentence, groups and how many devices."""
    english = site.visit("lan").get("/playbooks").get_data(as_text=True)
    vietnamese = site.visit("lan", "vi").get("/playbooks").get_data(as_text=True)

    assert "Changes nothing at all." in english
    assert "Không thay đổi gì." in vietnamese
    assert re.search(r"site routers</span></span><span class=\"sub\">40 devices", english)


def test_a_change_without_purpose_goes_back_to_the_form_with_the_reason(site: Site) -> None:
    """What was chosen stays; the person adds a line, or looks first."""
    client = site.visit("lan", "vi")
    fields: dict[str, str | list[str]] = {
        "playbook": "change.yml",
        "limit": "dien-ban",
        "mode": "apply",
        "confirm": "1",
    }

    silent = post(client, "/jobs", fields)
    back = client.get(silent.location or "").get_data(as_text=True)
    wrong = post(client, "/jobs", fields | {"purpose": "?!"})
    told = client.get(wrong.location or "").get_data(as_text=True)
    turned = post(client, "/jobs", fields | {"purpose": "a\u202eb"})
    why = client.get(turned.location or "").get_data(as_text=True)

    assert "/review?limit=dien-ban&mode=apply" in (silent.location or "")
    assert "không ai nói để làm gì" in back
    assert "không nói gì" in told
    assert "đảo chiều chữ viết (U+202E)" in why
    assert re.search(r'id="purpose"[^>]* required', back)


def test_the_purpose_is_read_in_the_list_on_the_page_and_in_the_log(site: Site, ended: Job) -> None:
    """Who asks what a change was for finds it wherever the job is named."""
    client = site.visit("binh")
    for path in ("/jobs", f"/jobs/{ended.id}", f"/evidence?subject={ended.id}"):
        assert PURPOSE in client.get(path).get_data(as_text=True), path


def test_a_dry_run_of_just_the_same_makes_the_purpose_optional(site: Site) -> None:
    """Who looked at exactly this need not write why."""
    looked = _ended_dry_run(site, "hoi-an")
    client = site.visit("lan")
    fields: dict[str, str | list[str]] = {
        "playbook": "change.yml",
        "limit": "hoi-an",
        "mode": "apply",
        "confirm": "1",
    }

    page = client.get("/playbooks/change.yml/review?limit=hoi-an&mode=apply").get_data(as_text=True)
    answer = post(client, "/jobs", fields)
    job = client.get(answer.location or "").get_data(as_text=True)

    assert re.search(rf"This follows a dry run.*/jobs/{looked.id}", page)
    assert not re.search(r'id="purpose"[^>]* required', page)
    assert re.search(rf"follows the dry run <a href=\"/jobs/{looked.id}\"", job)


def test_an_ended_dry_run_leads_to_the_real_one_with_everything_filled_in(site: Site) -> None:
    """What was looked at is what is run: nobody types it a second time."""
    looked = _ended_dry_run(site, "tam-ky", tags=("a", "b"), extra={"device": "core1"})
    client = site.visit("lan")

    page = client.get(f"/jobs/{looked.id}").get_data(as_text=True)
    found = re.search(r'href="(/playbooks/change.yml\?[^"]+)"', page)
    assert found is not None
    form = client.get(unescape(found[1])).get_data(as_text=True)

    assert "Run it for real" in page
    assert re.search(r'name="limit" value="tam-ky"', form)
    assert re.search(r'name="tags" value="a,b"', form)
    assert re.search(r'name="arg.device" value="core1"', form)
    assert re.search(r'value="apply" checked', form)


@pytest.mark.parametrize("name", ["tuan", "minh"])
def test_who_may_not_change_is_not_led_to_it(site: Site, name: str) -> None:
    """A button that ends in a refusal is no help."""
    looked = _ended_dry_run(site, "tam-ky")

    assert "for real…" not in site.visit(name).get(f"/jobs/{looked.id}").get_data(as_text=True)


def test_a_dry_run_under_way_leads_nowhere_yet(site: Site, ended: Job) -> None:
    """Nobody has seen yet what would change; and a real run is no dry run."""
    asked = JobRequest("change.yml", "tam-ky", check=True)
    waiting = actions.launch_job(site.context, OPERATOR, asked)
    client = site.visit("lan")

    for job in (waiting, ended):
        assert "for real…" not in client.get(f"/jobs/{job.id}").get_data(as_text=True)


def _ended_dry_run(
    site: Site, limit: str, tags: tuple[str, ...] = (), extra: dict[str, str] | None = None
) -> Job:
    context, now = site.context, site.context.now
    asked = JobRequest("change.yml", limit, tags, check=True, diff=True, extra=extra)
    job = actions.launch_job(context, OPERATOR, asked)
    with context.store.writing() as connection:
        start = Start("w", now, ["ansible-playbook"], None, "2.19.4", [f"{limit}-cpe1"])
        running = start_job(connection, job, start, now)
        assert running is not None
        end_job(connection, running, JobState.SUCCEEDED, None, {}, now)
        return get_job(connection, job.number)


def test_check_mode_is_what_an_empty_form_means(site: Site) -> None:
    """The safe way is the default way."""
    client = site.visit("lan")

    answer = post(client, "/jobs", {"playbook": "change.yml", "limit": "dien-ban"})

    with site.context.store.reading() as connection:
        newest = list_jobs(connection, limit=1)[0]
    assert answer.location == f"/jobs/{newest.id}"
    assert newest.check is True


def test_an_operator_may_check_but_not_change(site: Site) -> None:
    """Roles are asked again when the form comes in."""
    client = site.visit("tuan")
    fields: dict[str, str | list[str]] = {"playbook": "change.yml", "limit": "dien-ban"}

    assert post(client, "/jobs", fields | {"mode": "apply"}).status_code == 403
    assert post(client, "/jobs", fields | {"mode": "check"}).status_code == 303


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"limit": "dien ban; rm -rf /"}, "Type devices, sites or groups"),
        ({"tags": "a b!"}, "Type tags of letters"),
        ({"arg.device": "Hội An"}, "does not fit the form"),
    ],
    ids=["limit", "tags", "argument"],
)
def test_a_wrong_field_is_marked_and_nothing_is_launched(
    site: Site, fields: dict[str, str], said: str
) -> None:
    """Wrong input is answered where it was typed."""
    answer = site.visit("lan").get("/playbooks/change.yml/review", query_string=fields)

    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)


def test_a_waiting_job_is_cancelled_after_one_more_question(site: Site) -> None:
    """Cancelling is as deliberate as launching."""
    client = site.visit("lan")
    job = actions.launch_job(site.context, OPERATOR, JobRequest("count.yml"))

    assert "Yes, cancel it" in client.get(f"/jobs/{job.id}/cancel").get_data(as_text=True)
    post(client, f"/jobs/{job.id}/cancel", {}, page=f"/jobs/{job.id}/cancel")

    with site.context.store.reading() as connection:
        assert get_job(connection, job.number).state is JobState.CANCELLED


def test_a_verified_site_is_proven_until_something_changes_it(site: Site) -> None:
    """A tick on the map means a proof that still holds, nothing less."""
    job = _verified(site, DeviceResult.OK)

    page = site.visit("minh").get("/sites/tam-ky").get_data(as_text=True)

    assert job.id in page
    assert "proven" in page


def _verified(site: Site, result: DeviceResult) -> Job:
    context, now = site.context, site.context.now
    (context.config.jobs.playbooks / "verify.yml").write_text(
        "---\n# tinhnet: {title_vi: Kiểm, title_en: Verify, risk: read}\n- hosts: cpe\n", "utf-8"
    )
    job = actions.launch_job(context, OPERATOR, JobRequest("verify.yml"))
    device = JobDevice("tam-ky-cpe1", result, 0, "Verify", None)
    with context.store.writing() as connection:
        start = Start("w", now, ["ansible-playbook"], None, "2.19.4", [device.device])
        running = start_job(connection, job, start, now)
        assert running is not None
        end_job(connection, running, JobState.SUCCEEDED, None, {device.device: device}, now)
        return get_job(connection, job.number)
