# SPDX-License-Identifier: MIT
"""The doctor: true answers, and nothing left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tinhnet.config import load_config
from tinhnet.doctor.finding import Examined, Purpose, missing
from tinhnet.doctor.kernel import examine_kernel
from tinhnet.doctor.machine import examine_installation, examine_resources
from tinhnet.ports import listen

PLACES = ("/proc/net/dev", "/proc/self/mounts")


def test_only_what_the_purpose_needs_is_missing() -> None:
    """Without root nobody needs mmdebstrap to run the product."""
    examined = (
        Examined("program", "ssh", True, "", Purpose.RUN),  # noqa: FBT003 fields in order
        Examined("program", "mmdebstrap", False, "", Purpose.LAB),  # noqa: FBT003 fields in order
        Examined("program", "chromium", False, "", Purpose.TEST),  # noqa: FBT003 fields in order
        Examined("kernel", "tun", None, "", Purpose.LAB),
        Examined("installation", "base root", False, "", None),  # noqa: FBT003 fields in order
    )

    assert missing(examined, Purpose.RUN) == ()
    assert [one.name for one in missing(examined, Purpose.LAB)] == ["mmdebstrap"]
    assert [one.name for one in missing(examined, Purpose.TEST)] == ["mmdebstrap", "chromium"]


def test_probing_the_kernel_leaves_nothing_behind() -> None:
    """A doctor that leaves an interface or a mount would be a patient."""
    before = [Path(place).read_text().count("\n") for place in PLACES]
    processes = {path.name for path in Path("/proc").iterdir() if path.name.isdigit()}
    examined = list(examine_kernel())
    after = [Path(place).read_text().count("\n") for place in PLACES]
    children = [
        name
        for name in {path.name for path in Path("/proc").iterdir()} - processes
        if name.isdigit() and parent_of(int(name)) == os.getpid()
    ]

    assert {one.name for one in examined} >= {"veth", "bridge", "tun", "overlayfs", "AF_PACKET"}
    assert all(one.ok is not False or one.hint for one in examined)
    assert (before, children) == (after, [])


def test_a_port_in_use_is_named_with_its_holder(tmp_path: Path) -> None:
    """The reader must know which program to end."""
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        loaded = load_config({"TINHNET__WEB__PORT": str(port)}, tmp_path)
        found = next(one for one in examine_resources(loaded.config) if one.name == f"port {port}")

    assert f"(pid {os.getpid()})" in found.found


def test_a_damaged_state_is_found_and_an_absent_one_is_not_made(tmp_path: Path) -> None:
    """Looking must not write: the state belongs to another user than whoever looks."""
    config = load_config({}, tmp_path).config.model_copy(update={"state": tmp_path / "state"})
    new = next(one for one in examine_installation(config) if one.name == "state")
    is_made = (tmp_path / "state").exists()
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.db").write_bytes(b"no database" * 1000)
    damaged = next(one for one in examine_installation(config) if one.name == "state")

    assert (new.ok, new.found, is_made) == (True, "new", False)
    assert damaged.ok is False
    assert "backup" in damaged.hint


def test_the_command_exits_1_when_something_is_missing(tmp_path: Path) -> None:
    """Scripts rely on the status, people on the hints."""
    (tmp_path / "tinhnet.toml").touch()
    done = subprocess.run(
        [sys.executable, "-m", "tinhnet", "doctor", "--json", "--for", "run"],
        env=os.environ
        | {
            "TINHNET_CONFIG": str(tmp_path / "tinhnet.toml"),
            "TINHNET_STATE": str(tmp_path / "state"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    told = json.loads(done.stdout)
    bad = [one for one in told["examined"] if one["ok"] is False and one["needed"] == "run"]

    assert done.returncode == 1
    assert told["ok"] is False
    assert "inventory" in {one["name"] for one in bad}


def parent_of(pid: int) -> int:
    """Return the parent of a process, 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
