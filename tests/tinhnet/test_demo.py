# SPDX-License-Identifier: MIT
"""The parts of the story that need no lab."""

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from lab.execute import first_blocked
from tests.background import IN_BACKGROUND
from tests.lab.trial import eventually, prefix_of, traces
from tests.store.past import write_first_release
from tinhnet.demo.box import COMMAND, Box
from tinhnet.demo.commands import people
from tinhnet.demo.page_loss import Attempt, longest_gap
from tinhnet.demo.product import NotReadyError, Product, last_words
from tinhnet.demo.proof import sites_without
from tinhnet.demo.steps import Step, StepFailedError, StepResult, tell, write_story
from tinhnet.inventory import load
from tinhnet.ports import PortInUseError
from tinhnet.secrets import secrets_of
from tinhnet.store.engine import connect

pytestmark = pytest.mark.patient

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/contracts/story.schema.json").read_text(encoding="utf-8"))


def failing() -> dict[str, int]:
    """Be a step that is not true."""
    raise StepFailedError("the page was lost", "look at the circuit")


def test_a_gap_is_measured_between_pages_that_came() -> None:
    """Failed fetches in between do not shorten the loss; order of ending does not matter."""
    attempts = [
        Attempt(2.0, came=True),
        Attempt(0.0, came=True),
        Attempt(0.5, came=False),
        Attempt(1.2, came=False),
    ]

    assert longest_gap(attempts) == 2.0


def test_no_page_at_all_is_no_gap() -> None:
    """Nothing came, so nothing lies between two pages; `failed` tells that story."""
    assert longest_gap([Attempt(0.0, came=False)]) == 0.0


def test_a_story_stops_at_the_first_step_that_is_not_true(tmp_path: Path) -> None:
    """What follows a false step would only measure its wreckage."""
    said: list[str] = []
    steps = (
        Step("first", "It stands", lambda: {"devices": 3}),
        Step("second", "It lasts", failing),
        Step("third", "Never told", dict),
    )

    results = tell(steps, said.append)
    write_story(tmp_path / "story.json", results, len(steps))

    story = json.loads((tmp_path / "story.json").read_text(encoding="utf-8"))
    Draft202012Validator(SCHEMA).validate(story)
    assert [result.id for result in results] == ["first", "second"]
    assert story["ok"] is False
    assert results[1].error == "the page was lost; look at the circuit"
    assert any("FAILED" in line for line in said)


def test_a_story_of_true_steps_is_ok(tmp_path: Path) -> None:
    """The verdict needs every step."""
    write_story(tmp_path / "story.json", (StepResult("a", "A", 0.1, {}, None),), 1)

    assert json.loads((tmp_path / "story.json").read_text(encoding="utf-8"))["ok"] is True


def test_the_graph_names_who_has_one_way_only() -> None:
    """Every circuit of such a site ends on the dead core; core 2 carries backups alone."""
    network = load(ROOT / "inventory")

    lonely = sites_without(network, "core1")

    assert len(lonely) == 14
    assert all(network.sites[site].kind == "agency" for site in lonely)
    assert sites_without(network, "core2") == []


def test_a_port_in_use_says_what_to_do(tmp_path: Path) -> None:
    """The newcomer's 8080 is often taken."""
    box = Box("tx", ROOT / "inventory", tmp_path)
    first = Product(box, ("127.0.0.1", 0)).listen()
    taken = Product(box, ("127.0.0.1", int(first.getsockname()[1])))

    with first, pytest.raises(PortInUseError, match=rf"\(pid {os.getpid()}\).*choose --port"):
        taken.listen()


class HomeBox(Box):
    """A box whose product lives on this machine instead of in a lab."""

    def inside(self, device: str, command: Sequence[str], *options: str) -> list[str]:
        """Return the command line without a namespace around it."""
        del device, options
        return list(command)


def test_the_demos_people_keep_their_passwords_over_a_second_run(tmp_path: Path) -> None:
    """`make run` keeps the state: the second time the people are there already."""
    box = HomeBox("tx", ROOT / "inventory", tmp_path)
    store = secrets_of(tmp_path)

    first = people(box, store)
    second = people(box, store)

    listed = json.loads(box.must(box.product("user", "list", "--json")).stdout)
    assert first == second
    assert {row["name"]: row["roles"] for row in listed} == {
        "engineer": ["engineer"],
        "approver": ["approver"],
    }


def test_a_product_that_does_not_start_says_why_on_the_screen(tmp_path: Path) -> None:
    """A newcomer reads the terminal, not a log; the words of an earlier start are not ours."""
    store = connect("", tmp_path)
    write_first_release(store)
    store.close()
    product = Product(HomeBox("tx", ROOT / "inventory", tmp_path), ("127.0.0.1", 0))
    product.log.parent.mkdir()
    product.log.write_text("tinhnet: words of an earlier start\n", encoding="utf-8")
    with pytest.raises(NotReadyError) as refused:
        product.start()

    assert "the product did not start:" in refused.value.message
    assert "run `tinhnet migrate`" in refused.value.message
    assert "earlier" not in refused.value.message
    assert str(product.log) in refused.value.hint


def test_last_words_leave_out_what_went_well(tmp_path: Path) -> None:
    """Twelve lines of good news would hide the one that matters."""
    log = tmp_path / "up.log"
    good = '{"event": "worker_spawned", "level": "info"}\n'
    bad = '{"event": "worker_died", "level": "warning"}\n'
    log.write_text(f"{good}tinhnet: the disk is full\n{bad}{good * 30}\n", encoding="utf-8")

    assert last_words(log, 0) == ("tinhnet: the disk is full", bad.strip())
    assert last_words(log, log.stat().st_size) == ()


def demo(state: Path, *options: str, user: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the demo with options that must stop it before it builds anything."""
    return subprocess.run(
        [COMMAND, "demo", "--prefix", "tx", "--state", state, *options],
        cwd=ROOT, user=user, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the demo")
def test_make_run_on_an_older_state_names_the_migration(tmp_path: Path) -> None:
    """Told before forty sites are built; the command it names is the way out."""
    store = connect("", tmp_path)
    write_first_release(store)
    store.close()
    done = demo(tmp_path)
    named = re.search(r"run `TINHNET_STATE=(\S+) (\S+) migrate`", done.stderr)

    assert done.returncode == 1
    assert named is not None, done.stderr
    assert (named[1], Path(named[2]).name) == (str(tmp_path), "tinhnet")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the demo")
def test_make_run_on_a_port_in_use_names_the_program(tmp_path: Path) -> None:
    """Nothing is built for a page that nobody could open."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = demo(tmp_path, "--port", str(taken.getsockname()[1]))

    assert done.returncode == 1
    assert f"(pid {os.getpid()})" in done.stderr
    assert "choose --port" in done.stderr
    assert done.stdout == ""


@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the demo")
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    """Also while the province is being built, and when a script started it with `&`."""
    prefix = prefix_of("i")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    options = ["--prefix", prefix, "--state", str(tmp_path), "--port", port]
    inventory = str(ROOT / "tests/cases/inventory-small")
    running = subprocess.Popen(
        [*IN_BACKGROUND, str(COMMAND), "demo", "--inventory", inventory, *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert eventually((Path("/run/tinhnet-lab") / prefix / "disks/core1").exists, 240)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=240)
    finally:
        running.kill()
        subprocess.run([COMMAND, "lab", "down", "--prefix", prefix], check=True)

    assert running.returncode == 0
    assert "stopping" in said
    assert f'lab "{prefix}" is down' in said
    assert eventually(lambda: not traces(prefix)), traces(prefix)


@pytest.mark.skipif(first_blocked(COMMAND) is not None, reason="others cannot reach this checkout")
def test_make_run_without_root_says_so_in_one_sentence() -> None:
    """Only the lab needs root."""
    done = demo(Path("/nonexistent"), user="nobody" if os.geteuid() == 0 else None)

    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "tinhnet: the province in a box needs root"
