# SPDX-License-Identifier: MIT
"""What Ansible reports becomes lines and results: the decisions, without any process."""

from datetime import UTC, datetime

import pytest

from changes.conclusion import Ending, conclude, named
from changes.lines import LONGEST_LINE, MORE, Progress, Report, followed, lines, report
from changes.runner import essence
from tinhnet.model.job import DeviceResult, JobDevice, JobState
from tinhnet.targets import listed

NOW = datetime(2016, 5, 4, 3, 2, 1, tzinfo=UTC)
SECRET = "b3BlbnNzaC1rZXktdjEAAAAACANARY"  # noqa: S105 a canary


def mask(text: str) -> str:
    """Hide the canary."""
    return text.replace(SECRET, "<secret x v1>")


def keep(text: str) -> str:
    """Hide nothing."""
    return text


def told(event: str, text: str = "", **fields: bool | str) -> Report:
    """Return a report as the child sends it."""
    about = {"event": event, "text": text, "device": "core1", "task": "Apply"}
    return report({**about, **fields}, NOW)


def fresh(name: str = "core1", task: str | None = None, changed: int = 0) -> Progress:
    """Return a device about which little is known."""
    return Progress(JobDevice(name, None, changed, task, None), is_busy=False)


def test_each_line_is_one_row_without_colours() -> None:
    """A browser numbers lines, and nobody searches for escape sequences."""
    found = list(
        lines(
            told(
                "runner_on_ok",
                "\x1b[0;33mchanged: [core1]\x1b[0m\r\n\r\n  x\x07y\r\n",
                changed=True,
            ),
            keep,
        )
    )

    assert [(one.kind, one.text, one.result) for one in found] == [
        ("result", "changed: [core1]", "changed"),
        ("line", "  x\N{REPLACEMENT CHARACTER}y", None),
    ]
    assert {(one.device, one.task, one.at) for one in found} == {("core1", "Apply", NOW)}


@pytest.mark.parametrize("header", ["TASK [Apply] ********", "RUNNING HANDLER [web : Load] ***"])
def test_the_header_of_a_task_is_no_result(header: str) -> None:
    """With skipped hosts hidden, Ansible prints it in the event of the first result."""
    found = list(lines(told("runner_on_failed", f"\n{header}\nfatal: [core1]: FAILED!"), keep))

    assert [(one.kind, one.device, one.text, one.result) for one in found] == [
        ("task", None, header, None),
        ("result", "core1", "fatal: [core1]: FAILED!", "failed"),
    ]


def test_a_device_that_prints_a_header_does_not_make_one() -> None:
    """Only what stands before the result is Ansible's own."""
    found = list(lines(told("runner_on_ok", "ok: [core1]\nTASK [x] ***"), keep))

    assert [one.kind for one in found] == ["result", "line"]


def test_a_secret_that_a_terminal_broke_in_two_is_still_masked() -> None:
    """Warnings are wrapped at 79 columns, in the middle of a long word."""
    found = list(lines(told("warning", f"[WARNING]: {SECRET[:20]}\n{SECRET[20:]}"), mask))

    assert [one.text for one in found] == ["[WARNING]: <secret x v1>"]


def test_an_endless_line_goes_on_in_the_next_ones() -> None:
    """A page stays alive and nothing is lost."""
    text = "".join(f"{number:05d}" for number in range(2 * LONGEST_LINE // 5 + 400))
    parts = list(lines(told("verbose", text), keep))

    assert [len(part.text) for part in parts] == [
        LONGEST_LINE,
        len(MORE) + LONGEST_LINE,
        len(MORE) + 2000,
    ]
    assert "".join(part.text.removeprefix(MORE) for part in parts) == text


@pytest.mark.parametrize(
    ("event", "fields", "result"),
    [
        ("runner_on_ok", {}, None),
        ("runner_on_ok", {"changed": True}, None),
        ("runner_on_failed", {}, DeviceResult.FAILED),
        ("runner_on_failed", {"ignored": True}, None),
        ("runner_on_failed", {"result": "rolled_back"}, DeviceResult.ROLLED_BACK),
        ("runner_on_unreachable", {}, DeviceResult.UNREACHABLE),
        ("runner_on_skipped", {}, None),
    ],
    ids=["ok", "changed", "failed", "ignored", "rolled back", "unreachable", "skipped"],
)
def test_a_report_decides_a_device_only_when_it_is_bad(
    event: str, fields: dict[str, bool | str], result: DeviceResult | None
) -> None:
    """Good news may still turn bad in the next task; bad news stays."""
    about: dict[str, object] = {"event": event, "device": "core1", "task": "Apply", **fields}
    about["detail"] = f"no room {SECRET}"
    found = followed(fresh(), report(about, NOW), mask)

    assert found.device.result is result
    assert found.device.task == "Apply"
    assert found.device.changed == (1 if fields.get("changed") else 0)
    assert found.device.detail == ("no room <secret x v1>" if result else None)


STATS = {
    "processed": {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1},
    "ok": {"a": 2, "b": 2, "e": 1},
    "changed": {"b": 1},
    "failures": {"c": 1, "e": 1},
    "dark": {"d": 1},
}


def test_every_device_of_a_whole_run_gets_its_result() -> None:
    """Ansible's own statistics decide; a device they do not know was not attempted."""
    progress = {name: fresh(name, "Apply") for name in "abcdf"}
    progress["e"] = Progress(
        JobDevice("e", DeviceResult.ROLLED_BACK, 0, "Apply", "restored"), is_busy=False
    )
    found = conclude(progress, STATS, 2, None, "")

    assert {name: one.result for name, one in found.results.items()} == {
        "a": DeviceResult.OK,
        "b": DeviceResult.CHANGED,
        "c": DeviceResult.FAILED,
        "d": DeviceResult.UNREACHABLE,
        "e": DeviceResult.ROLLED_BACK,
        "f": DeviceResult.NOT_ATTEMPTED,
    }
    assert found.state is JobState.FAILED
    assert found.reason == "4 of 6 devices did not end well: c, d, f, e"


def test_a_device_with_nothing_to_do_is_no_fault() -> None:
    """With tags, a play may have no task for a device, and Ansible is content."""
    found = conclude({"f": fresh("f")}, {"processed": {}}, 0, None, "")

    assert (found.state, found.reason) == (JobState.SUCCEEDED, None)
    assert found.results["f"].result is DeviceResult.NOT_ATTEMPTED


def test_a_run_that_was_broken_off_keeps_what_is_known() -> None:
    """Between two tasks the state of a device is known; during one it is not."""
    progress = {
        "done": fresh("done", "Apply", changed=1),
        "busy": Progress(JobDevice("busy", None, 0, "Apply", None), is_busy=True),
        "later": fresh("later"),
    }
    ending = Ending(JobState.CANCELLED, "cancelled by lan")
    found = conclude(progress, None, None, ending, "")

    assert (found.state, found.reason) == (JobState.CANCELLED, "cancelled by lan")
    assert found.results["done"].result is DeviceResult.CHANGED
    assert found.results["done"].detail == "cancelled by lan after “Apply”"
    assert found.results["busy"].result is None, "the store says: state unknown"
    assert found.results["later"].result is None, "the store says: not attempted"


@pytest.mark.parametrize(
    ("code", "words", "state", "reason"),
    [
        (4, "ERROR! no such file", JobState.FAILED, "ERROR! no such file"),
        (4, "", JobState.FAILED, "Ansible ended with status 4 before any device was reached"),
        (None, "", JobState.INTERRUPTED, "the process that ran it was killed"),
    ],
    ids=["words", "silent", "killed"],
)
def test_a_run_without_statistics_says_why(
    code: int | None, words: str, state: JobState, reason: str
) -> None:
    """An end without a recap must not look like success."""
    found = conclude({"a": fresh("a")}, None, code, None, words)

    assert (found.state, found.reason) == (state, reason)


def test_many_devices_are_named_by_the_first_few() -> None:
    """A sentence with forty names is read by nobody."""
    assert named([f"d{n}" for n in range(8)]) == "d0, d1, d2, d3, d4 and 3 more"


def test_the_target_is_read_from_all_plays() -> None:
    """A device in two plays is one device; the controller counts only when it is alone."""
    text = """
playbook: wan.yml

  play #1 (cores): Cores\tTAGS: []
    pattern: ['core']
    hosts (2):
      core2
      core1

  play #2 (localhost): Here\tTAGS: []
    pattern: ['localhost']
    hosts (1):
      localhost

  play #3 (all): All\tTAGS: []
    pattern: ['all']
    hosts (2):
      core1
      fw1
"""

    assert listed(text) == ["core1", "core2", "fw1"]
    assert listed("  play #1\n    pattern: ['x']\n    hosts (1):\n      localhost\n") == [
        "localhost"
    ]
    assert listed("  play #1\n    pattern: ['x']\n    hosts (0):\n") == []


def test_only_what_a_job_keeps_leaves_the_child() -> None:
    """Facts and whole results stay behind: they hold what nobody asked for."""
    event = {
        "event": "runner_on_ok",
        "created": "2016-05-04T03:02:01+00:00",
        "stdout": "ok: [core1]",
        "event_data": {
            "host": "core1",
            "task": "Apply",
            "res": {
                "changed": True,
                "ansible_facts": {"password": "x"},
                "tinhnet_result": "changed",
            },
        },
    }
    found = essence(event)

    assert "password" not in str(found)
    assert (found["device"], found["changed"], found["result"]) == ("core1", True, "changed")
