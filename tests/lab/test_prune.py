# SPDX-License-Identifier: MIT
"""Old base roots go, those under a lab stay, and `down` leaves no lock behind."""

import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from lab import verbs
from lab.layout import Layout, layout_of
from lab.prune import mounted, prune
from lab.teardown import labs
from tests.lab.trial import eventually

NAMES = ("base-aaaaaaaaaaaa", "base-bbbbbbbbbbbb", "base-cccccccccccc")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Return a cache with three bases and something else."""
    for name in (*NAMES, "base-by-hand"):
        (tmp_path / "cache" / name / "etc").mkdir(parents=True)
    return tmp_path / "cache"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Return the layout of a lab that nobody builds."""
    return layout_of("zp", tmp_path / "state", tmp_path / "run")


def test_only_what_no_lab_uses_is_removed(cache: Path, layout: Layout) -> None:
    """A lab that stands on a base would lose every program of every device."""
    layout.run.mkdir(parents=True)
    note = {"base": str(cache / NAMES[0])}
    (layout.run / "lab.json").write_text(json.dumps(note), encoding="utf-8")
    said: list[str] = []
    gone = prune(cache, cache / NAMES[1], said.append, layout.run.parent)

    assert [path.name for path in gone] == [NAMES[2]]
    assert sorted(path.name for path in cache.iterdir()) == sorted(
        [NAMES[0], NAMES[1], "base-by-hand"]
    )
    assert said == [f"removed a base root that no lab uses: {cache / NAMES[2]}"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_base_that_is_mounted_in_another_view_counts_as_used(cache: Path) -> None:
    """Devices have mount namespaces of their own."""
    upper = cache / "etc"
    upper.mkdir()
    script = f"mount -t tmpfs none {upper} && mkdir {upper}/u {upper}/w {upper}/m && "
    script += f"mount -t overlay -o lowerdir={cache / NAMES[0]},upperdir={upper}/u,"
    script += f"workdir={upper}/w none {upper}/m && echo ready && read end"
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as holder:  # fmt: skip
        assert holder.stdin is not None
        assert holder.stdout is not None
        line = holder.stdout.readline()
        found = mounted()
        holder.stdin.close()

    assert line == "ready\n"
    assert NAMES[0] in found
    assert NAMES[0] not in mounted()


def test_a_lock_that_an_older_release_left_belongs_to_a_lab(tmp_path: Path) -> None:
    """`down --all` takes it away like everything else."""
    (tmp_path / "zq.lock").touch()

    assert "zq" in labs(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root takes labs down")
def test_down_leaves_no_lock_behind(layout: Layout) -> None:
    """After the last lab the folder under /run is gone, too."""
    verbs.down(layout)

    assert not layout.run.parent.exists()


def test_a_lock_that_was_taken_away_is_not_held_twice(layout: Layout) -> None:
    """Whoever waited while `down` ran must not hold a file that nobody else finds."""
    order: list[str] = []

    def wait_for_it() -> None:
        with verbs.locked(layout):
            order.append("second")
            assert layout.lock.exists()

    other = threading.Thread(target=wait_for_it)
    with verbs.locked(layout):
        inode = layout.lock.stat().st_ino
        other.start()
        assert eventually(lambda: f":{inode} " in waiting_locks())
        order.append("first")
        layout.lock.unlink()
    other.join(60)

    assert order == ["first", "second"]


def waiting_locks() -> str:
    """Return the kernel's list of those who wait for a lock."""
    lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    return "\n".join(line for line in lines if " -> " in line)
