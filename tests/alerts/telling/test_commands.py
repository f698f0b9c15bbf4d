# SPDX-License-Identifier: MIT
"""`tinhnet notify …` and `tinhnet duty …` as an operator types them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.alerts.telling.place import ROOT, Hook, listening, settings, webhook, write_receiver
from tests.conftest import free_port

pytestmark = pytest.mark.patient

MAIL = """\
notifier = "email"
person = "noc"
[settings]
host = "mail.test"
from = "a@b.test"
[secrets]
password = "notify/mail"
"""


def product(
    root: Path, *arguments: str, typed: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command of the product, whatever its status."""
    return subprocess.run(
        [sys.executable, "-m", "tinhnet", *arguments],
        cwd=ROOT,
        env=os.environ | settings(root),
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_test_message_says_what_became_of_it(tmp_path: Path) -> None:
    """Before the first night, not in it."""
    with listening(Hook()) as hook:
        webhook(tmp_path, "room", hook.url)
        webhook(tmp_path, "gone", f"http://127.0.0.1:{free_port()}")
        good = product(tmp_path, "notify", "test", "room")
        bad = product(tmp_path, "notify", "test", "gone")
        nobody = product(tmp_path, "notify", "test", "nobody")
    deeds = product(tmp_path, "evidence", "list", "--action", "notify.test", "--json")

    assert (good.returncode, bad.returncode, nobody.returncode) == (0, 1, 1)
    assert "[THỬ]" in json.loads(hook.bodies[0])["subject"]
    assert "gone was not told: 127.0.0.1 does not answer" in bad.stderr
    assert "these exist: gone, room" in nobody.stderr
    assert len(json.loads(deeds.stdout)) == 2


def test_a_secret_is_read_from_the_input_and_shown_nowhere(tmp_path: Path) -> None:
    """Not an argument that everybody on the machine sees; a second one replaces it."""
    write_receiver(tmp_path, "mail", MAIL)
    before = product(tmp_path, "notify", "receivers")
    first = product(tmp_path, "notify", "secret", "notify/mail", typed="first-of-them\n")
    second = product(tmp_path, "notify", "secret", "notify/mail", typed="second-of-them\n")
    after = product(tmp_path, "notify", "receivers", "--json")
    short = product(tmp_path, "notify", "secret", "ospf/dien-ban-1", typed="not-ours-at-all\n")

    assert (before.returncode, after.returncode) == (1, 0)
    assert "secret notify/mail does not exist" in " ".join(before.stdout.split())
    assert "has version 1" in first.stdout
    assert "has version 2" in second.stdout
    assert json.loads(after.stdout)[0]["faults"] == []
    assert short.returncode == 1
    assert "of-them" not in first.stdout + second.stdout + after.stdout


def test_duties_are_added_listed_and_removed(tmp_path: Path) -> None:
    """A fortnight of two weeks, and one of them taken out again."""
    added = product(
        tmp_path, "duty", "add", "noc", "--from", "2126-11-30T07:00", "--times", "2", "--level", "2"
    )
    removed = product(tmp_path, "duty", "remove", "1")
    listed = product(tmp_path, "duty", "list", "--json")
    wrong = product(tmp_path, "duty", "add", "noc", "--from", "tomorrow")

    assert "duty 2: noc, level 2, 2126-12-07 07:00 to 2126-12-14 07:00" in added.stdout
    assert "no receiver reaches noc" in added.stdout
    assert removed.returncode == 0
    assert json.loads(listed.stdout) == [], "a century ahead is not in the next weeks"
    assert "'tomorrow' is no moment" in wrong.stderr
