# SPDX-License-Identifier: MIT
"""Commands on devices and the product on the controller."""

import os
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from lab.execute import first_blocked
from tests.lab.trial import PATIENCE_S, ROOT, Lab

pytestmark = pytest.mark.patient


def test_the_topmost_blocked_directory_is_found() -> None:
    """Everything above it may stay; everything below is hidden with it."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        top = Path(name)
        inner = top / "a" / "b" / "c"
        inner.mkdir(parents=True)
        top.chmod(0o755)
        assert first_blocked(inner) is None

        (top / "a" / "b").chmod(0o700)
        (top / "a").chmod(0o700)
        assert first_blocked(inner) == top / "a"


@pytest.mark.lab
def test_the_product_is_an_unprivileged_user_with_the_labs_network(small: Lab) -> None:
    """A hole in the product must not be a hole in the machine."""
    script = (
        "id -un; grep -E 'CapEff|NoNewPrivs' /proc/self/status; cat /etc/resolv.conf; echo $HOME"
    )
    shown = small.on("noc", "sh", "-c", script)

    assert shown.splitlines()[0] == "tinhnet"
    assert "CapEff:\t0000000000000000" in shown
    assert "nameserver 10.90.20.16" in shown
    assert str(small.state / "home") in shown
    assert "NET_RAW" not in shown
    raw = small.on("noc", "grep", "CapEff", "/proc/self/status")
    assert int(raw.split()[1], 16) == 0
    sensor = small.must("exec", "--net-raw", "noc", "--", "grep", "CapEff", "/proc/self/status")
    assert int(sensor.split()[1], 16) == 1 << 13


@pytest.mark.lab
def test_a_checkout_below_a_closed_directory_is_reachable(small: Lab, tmp_path: Path) -> None:
    """People clone into /root; the product's user may not pass there."""
    assert first_blocked(small.state) is not None, "pytest's directories are private"
    done = small.on(
        "noc", "sh", "-c", f"cd {small.state}/home && touch mine && ls {ROOT}/ansible.cfg"
    )

    assert "ansible.cfg" in done
    assert (small.state / "home" / "mine").exists()
    hidden = tmp_path / "hidden"
    hidden.write_text("x", encoding="utf-8")
    assert small.run("exec", "noc", "--", "cat", str(hidden)).returncode != 0


@pytest.mark.lab
def test_an_open_socket_of_the_machine_is_passed_to_the_product(small: Lab) -> None:
    """The web page is the only thing the product opens on the machine itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        answer = (
            "import socket; s = socket.socket(fileno=" + str(number) + ");"
            "peer, _ = s.accept(); peer.send(b'from the lab'); peer.close()"
        )
        with (
            subprocess.Popen(
                small.command("exec", "noc", "--", "python3", "-c", answer),
                env={**os.environ, "TINHNET_STATE": str(small.state)},
                pass_fds=[number],
            ) as product,
            socket.create_connection(listener.getsockname()) as peer,
        ):
            peer.settimeout(PATIENCE_S)
            heard = peer.recv(100)
            peer.close()
            assert product.wait(PATIENCE_S) == 0

    assert heard == b"from the lab"


@pytest.mark.lab
def test_status_and_streams_of_a_command_pass_through(small: Lab) -> None:
    """Scripts decide by them."""
    done = subprocess.run(
        small.command("exec", "dien-ban-pc", "--", "sh", "-c", "cat; echo oops >&2; exit 7"),
        input="hello",
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (7, "hello", "oops\n")


@pytest.mark.lab
def test_what_the_product_started_ends_with_the_lab(small: Lab) -> None:
    """`lab down` must not leave a collector that talks to nobody."""
    group = Path("/proc/self/cgroup")
    shown = small.on("noc", "cat", str(group))

    assert f"/tinhnet-lab/{small.prefix}/noc/visitors" in shown
