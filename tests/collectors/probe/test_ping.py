# SPDX-License-Identifier: MIT
"""Echo requests over real interfaces, in namespaces that the test makes itself."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from collectors.agent.icmp import checksum
from collectors.agent.ping import Echo, Pinger, Target

ROOT = Path(__file__).parents[3]
HERE, THERE = "tpng-here", "tpng-there"
PROGRAM = """
import json, sys
from collectors.agent.ping import Pinger, Target
asked = json.loads(sys.argv[1])
seen = {}
def tell(echo):
    seen.setdefault(echo.name, []).append([echo.at, echo.round_trip_s, echo.why])
pinger = Pinger([Target(*one) for one in asked["targets"]], interval_s=0.1, patience_s=0.3)
pinger.run(tell, lambda: min((len(seen.get(one[0], ())) for one in asked["targets"])) >= 5)
pinger.close()
print(json.dumps(seen))
"""


def run(*command: str) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, check=True, capture_output=True, timeout=30)


@pytest.fixture
def wires() -> Iterator[None]:
    """Two namespaces with two wires between them; forwarding would lead from one to the other."""
    for name in (HERE, THERE):
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True, timeout=30)
        run("ip", "netns", "add", name)
    try:
        for number in (1, 2):
            port = f"w{number}"
            run(
                "ip", "link", "add", port, "netns", HERE,
                "type", "veth", "peer", "name", port, "netns", THERE,
            )  # fmt: skip
            for name, end in ((HERE, 1), (THERE, 2)):
                run("ip", "-n", name, "addr", "add", f"192.0.2.{number * 4 + end}/30", "dev", port)
                address6 = f"2001:db8:{number}::{end}/64"
                run("ip", "-n", name, "addr", "add", address6, "dev", port, "nodad")
                run("ip", "-n", name, "link", "set", port, "up")
        for address in ("192.0.2.6", "192.0.2.10", "2001:db8:1::2"):
            run("ip", "netns", "exec", HERE, "ping", "-q", "-c", "1", "-w", "20", address)
        yield
    finally:
        for name in (HERE, THERE):
            run("ip", "netns", "del", name)


def ask(*targets: Target) -> dict[str, list[tuple[float, float | None, str]]]:
    """Ask each target five times or more from the first namespace."""
    request = json.dumps({"targets": targets})
    done = subprocess.run(
        ["ip", "netns", "exec", HERE, sys.executable, "-c", PROGRAM, request],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return {name: [tuple(one) for one in rows] for name, rows in json.loads(done.stdout).items()}


@pytest.mark.lab
@pytest.mark.usefixtures("wires")
def test_answers_are_timed_over_both_families() -> None:
    """Every request has one answer, with its own time."""
    seen = ask(
        Target("four", "192.0.2.6", "w1", "192.0.2.5"),
        Target("six", "2001:db8:1::2", "w1", "2001:db8:1::1"),
        Target("routed", "192.0.2.6"),
    )

    for rows in seen.values():
        assert all(taken is not None and 0 < taken < 0.3 for _, taken, _ in rows), rows
        times = [at for at, _, _ in rows]
        assert times == sorted(set(times))


@pytest.mark.lab
@pytest.mark.usefixtures("wires")
def test_a_cut_circuit_is_not_reported_up_over_another() -> None:
    """Both ends know a way around the cut; the probe of the circuit does not take it."""
    for name, end in ((HERE, 2), (THERE, 1)):
        run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0")
        run("ip", "-n", name, "route", "add", f"192.0.2.{4 + end}/32", "via", f"192.0.2.{8 + end}")
    run("ip", "-n", THERE, "link", "set", "w1", "down")
    run("ip", "-n", THERE, "addr", "add", "192.0.2.6/32", "dev", "lo")
    run("ip", "-n", THERE, "link", "set", "lo", "up")

    seen = ask(
        Target("circuit", "192.0.2.6", "w1", "192.0.2.5"),
        Target("around", "192.0.2.6"),
        Target("other", "192.0.2.10", "w2", "192.0.2.9"),
    )

    assert [taken for _, taken, _ in seen["circuit"]] == [None] * len(seen["circuit"])
    assert all(taken is not None for _, taken, _ in (*seen["around"], *seen["other"]))


@pytest.mark.lab
@pytest.mark.usefixtures("wires")
def test_what_the_network_refuses_is_a_loss_with_its_reason() -> None:
    """No route, no interface: said at once, and the other targets go on."""
    seen = ask(
        Target("nowhere", "198.51.100.1"),
        Target("gone", "192.0.2.6", "w9"),
        Target("well", "192.0.2.6"),
    )

    assert {tuple(why) for _, _, why in seen["nowhere"]} == {("Network is unreachable",)}
    assert {tuple(why) for _, _, why in seen["gone"]} == {("no_interface", "w9")}
    assert all(taken is not None for _, taken, _ in seen["well"])


@pytest.mark.lab
def test_two_pingers_of_one_machine_do_not_take_each_others_answers() -> None:
    """A raw socket sees every answer that comes in; the token tells whose it is."""
    told: dict[str, list[Echo]] = {"a": [], "b": []}

    def work(name: str, enough: Callable[[], bool]) -> None:
        pinger = Pinger([Target(name, "127.0.0.1")], interval_s=0.02, patience_s=1.0)
        try:
            pinger.run(told[name].append, enough)
        finally:
            pinger.close()

    threads = [
        threading.Thread(target=work, args=(name, lambda name=name: len(told[name]) >= 10))
        for name in told
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    for name, echoes in told.items():
        assert len(echoes) >= 10
        assert {echo.name for echo in echoes} == {name}
        assert all(echo.round_trip_s is not None for echo in echoes)


def test_the_checksum_is_that_of_rfc_1071() -> None:
    """The example of the RFC, section 3."""
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D


UNPRIVILEGED = """
import json, sys
from collectors.agent.ping import Pinger, Target
told = []
try:
    pinger = Pinger([Target("four", "127.0.0.1"), Target("six", "::1")], interval_s=0.1)
except PermissionError:
    print("refused")
    sys.exit()
pinger.run(told.append, lambda: len(told) >= 10)
pinger.close()
print(sorted({(one.name, one.round_trip_s is not None) for one in told}))
"""


@pytest.mark.lab
@pytest.mark.parametrize(
    ("groups", "said"),
    [("0 2147483647", "[('four', True), ('six', True)]"), ("1 0", "refused")],
    ids=["allowed", "refused"],
)
def test_without_rights_it_asks_where_the_kernel_lets_everybody(groups: str, said: str) -> None:
    """The product runs as a user of its own; ICMP sockets are enough for the controller."""
    script = (
        f'ip link set lo up; sysctl -qw net.ipv4.ping_group_range="{groups}";'
        'exec setpriv --bounding-set -net_raw --inh-caps -net_raw -- "$@"'
    )
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script, "-", sys.executable, "-c", UNPRIVILEGED],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert done.stdout.strip() == said


@pytest.mark.lab
@pytest.mark.usefixtures("wires")
def test_a_missing_answer_is_asked_for_ten_times_a_second() -> None:
    """Both targets of the interface; the one of another interface keeps its rhythm."""
    run("ip", "netns", "exec", THERE, "sysctl", "-qw", "net.ipv4.icmp_echo_ignore_all=1")
    program = PROGRAM.replace("interval_s=0.1, patience_s=0.3", "")
    request = json.dumps(
        {
            "targets": [
                Target("four", "192.0.2.6", "w1", "192.0.2.5"),
                Target("six", "2001:db8:1::2", "w1", "2001:db8:1::1"),
                Target("other", "2001:db8:2::2", "w2", "2001:db8:2::1"),
            ]
        }
    )
    done = subprocess.run(
        ["ip", "netns", "exec", HERE, sys.executable, "-c", program, request],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    seen = json.loads(done.stdout)

    lost = [at for at, taken, _ in seen["four"] if taken is None]
    gaps = [later - sooner for sooner, later in pairwise(lost)]
    assert len(lost) > 20
    assert sorted(gaps)[len(gaps) // 2] == pytest.approx(0.1, abs=0.03)
    assert all(taken is not None for _, taken, _ in (*seen["six"], *seen["other"]))
    assert len(seen["other"]) <= 7
