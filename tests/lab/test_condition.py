# SPDX-License-Identifier: MIT
"""Circuits that are cut, lossy, far or slow, measured through them."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from lab.condition import rate_of
from tests.lab.trial import Lab, eventually
from tinhnet.errors import TinhnetError

LINK = "dien-ban-1"
NEAR, FAR = "dien-ban-cpe1", "core1"
FAR_ADDRESS = "10.80.1.173"
FAR_PORT = "c107"


@pytest.mark.parametrize(
    ("text", "rate_bps"),
    [("512k", 512_000), ("10M", 10_000_000), ("1.5G", 1_500_000_000), ("64000", 64_000)],
)
def test_rates_are_read_as_engineers_write_them(text: str, rate_bps: int) -> None:
    """Decimal units, as carriers sell them."""
    assert rate_of(text) == rate_bps


@pytest.mark.parametrize("text", ["", "fast", "-5M", "10m", "0", "5", "1e9", "10 M"])
def test_a_rate_that_is_none_is_refused(text: str) -> None:
    """A guess here would be a measurement of something else."""
    with pytest.raises(TinhnetError, match="expected bit/s"):
        rate_of(text)


@pytest.fixture
def circuit(small: Lab) -> Iterator[Lab]:
    """Return the small lab with the far end of one circuit addressed; mended before and after."""
    small.must("mend", LINK)
    small.on(FAR, "ip", "address", "replace", f"{FAR_ADDRESS}/30", "dev", FAR_PORT)
    yield small
    small.must("mend", LINK)


def ping(lab: Lab, count: int, wait_s: int = 5) -> tuple[int, float]:
    """Return how many answers came through the circuit and the shortest time in ms.

    The shortest, because the machine may be busy: what the circuit itself
    takes is in every time, what the machine adds is not.
    """
    done = lab.run(
        "exec",
        NEAR,
        "--",
        "ping",
        "-q",
        "-n",
        "-A",
        "-W",
        str(wait_s),
        "-c",
        str(count),
        FAR_ADDRESS,
    )
    received = re.search(r"(\d+) received", done.stdout)
    least = re.search(r"= ([\d.]+)/", done.stdout)
    assert received is not None, done.stdout + done.stderr
    return int(received[1]), float(least[1]) if least else 0.0


def all_come(lab: Lab) -> bool:
    """Tell whether the circuit carries, once neighbours have found each other again."""
    return eventually(lambda: ping(lab, 3)[0] == 3)


def carrier(lab: Lab, device: str, port: str) -> str:
    """Return "1" when a port has light, "0" when it has none."""
    return lab.on(device, "cat", f"/sys/class/net/{port}/carrier").strip()


@pytest.mark.lab
def test_a_silent_cut_loses_everything_and_leaves_the_ports_up(circuit: Lab) -> None:
    """Only a protocol can notice this cut, which is what BFD is for."""
    assert all_come(circuit)
    circuit.must("cut", LINK)

    assert ping(circuit, 2, wait_s=1)[0] == 0
    assert carrier(circuit, NEAR, "wan1") == carrier(circuit, FAR, FAR_PORT) == "1"
    circuit.must("mend", LINK)
    assert all_come(circuit)


@pytest.mark.lab
def test_a_port_cut_takes_the_light_of_both_ends(circuit: Lab) -> None:
    """An engineer tells a dead fibre from a dead network by the port."""
    circuit.must("cut", "--port", LINK)

    assert carrier(circuit, NEAR, "wan1") == carrier(circuit, FAR, FAR_PORT) == "0"
    assert carrier(circuit, NEAR, "wan2") == "1"
    circuit.must("mend", LINK)
    assert carrier(circuit, NEAR, "wan1") == carrier(circuit, FAR, FAR_PORT) == "1"


@pytest.mark.lab
def test_loss_is_about_what_was_asked(circuit: Lab) -> None:
    """20 % each way leaves 64 % of the answers: 256 of 400, give or take five deviations."""
    assert all_come(circuit)
    circuit.must("degrade", LINK, "--loss", "20")

    received, _ = ping(circuit, 400)
    assert 208 <= received <= 304


@pytest.mark.lab
def test_delay_is_felt_both_ways_and_keeps_loss(circuit: Lab) -> None:
    """Twice 20 ms; loss is made in the delay line, too."""
    assert all_come(circuit)
    circuit.must("degrade", LINK, "--delay", "20")
    received, least_ms = ping(circuit, 20)
    assert received == 20
    assert least_ms >= 40
    assert eventually(lambda: ping(circuit, 20)[1] < 60)

    circuit.must("degrade", LINK, "--delay", "1", "--loss", "100")
    assert ping(circuit, 3, wait_s=1)[0] == 0


RECEIVE = """
import socket, time
server = socket.create_server(("0.0.0.0", 5001))
print("ready", flush=True)
peer, _ = server.accept()
count = 0
while piece := peer.recv(1 << 20):
    count += len(piece)
print(count * 8, time.monotonic())
"""
SEND = f"""
import socket, time
began = time.monotonic()
peer = socket.create_connection(("{FAR_ADDRESS}", 5001), 60)
while time.monotonic() < began + 2:
    peer.send(bytes(16384))
print(began)
"""


def rate(lab: Lab) -> float:
    """Return the bit/s that TCP gets through the circuit in two seconds.

    From before the connection to the last byte, by the one clock of the
    machine: a busy machine makes it less, nothing makes it more.
    """
    receiver = subprocess.Popen(
        lab.command("exec", FAR, "--", "python3", "-c", RECEIVE),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert receiver.stdout is not None
        assert receiver.stdout.readline() == "ready\n"
        began = float(lab.on(NEAR, "python3", "-c", SEND))
        bits, ended = (float(word) for word in receiver.stdout.readline().split())
    finally:
        lab.run("exec", FAR, "--", "pkill", "-f", "create_server")
        receiver.communicate()
    return bits / (ended - began)


@pytest.mark.lab
@pytest.mark.parametrize("delay", [[], ["--delay", "3"]], ids=["rate alone", "rate and delay"])
def test_a_rate_is_what_tcp_gets(circuit: Lab, delay: list[str]) -> None:
    """The shaping of a contract is tested against a circuit that really is that slow.

    Never more, and nearly all of it in one of a few tries: the rest is the
    machine's own, which other programs may keep from both ends.
    """
    circuit.must("degrade", LINK, "--rate", "10M", *delay)
    rates_bps: list[float] = []
    while len(rates_bps) < 8 and max(rates_bps, default=0.0) < 7_500_000:
        rates_bps.append(rate(circuit))

    assert 7_500_000 <= max(rates_bps) < 10_000_000, rates_bps


@pytest.mark.lab
def test_the_other_circuits_feel_nothing(circuit: Lab) -> None:
    """Both districts hang on the same carrier; only one of them is cut."""
    circuit.must("cut", "--port", LINK)

    states = {link["id"]: link["state"] for link in circuit.status()["links"]}
    assert states[LINK] == "port-down"
    assert {state for key, state in states.items() if key != LINK} == {"up"}
    circuit.must("mend", LINK)


@pytest.mark.lab
@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["cut", "core1-core2"], "patch cable"),
        (["cut", "dien-ba-1"], 'did you mean "dien-ban-1"'),
        (["degrade", LINK], "nothing to degrade"),
        (["degrade", LINK, "--loss", "120"], "100"),
    ],
)
def test_a_wrong_link_or_quality_is_refused(circuit: Lab, words: list[str], complaint: str) -> None:
    """Nothing changes, and the sentence says what would work."""
    verb, *rest = words
    done = circuit.run(verb, *rest)

    assert done.returncode != 0
    assert complaint in done.stderr
