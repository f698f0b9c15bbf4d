# SPDX-License-Identifier: MIT
"""The agent as a process of its own, asking this machine and telling a real collector."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from collectors.agent.probe import OrdersError, read_orders
from tests.collectors.listen.conftest import LOCAL, TOKEN, Collector, until
from tinhnet.agents import CHECK_INTERVAL_S, orders_of
from tinhnet.inventory import load

pytestmark = pytest.mark.patient

ROOT = Path(__file__).parents[3]
GOOD: dict[str, object] = {
    "agent": "core1",
    "token_file": "token",
    "collector": {"host": LOCAL, "port": 6515, "name": LOCAL, "authority_file": "ca.pem"},
    "targets": [{"name": "here", "address": LOCAL}],
}


def write(folder: Path, **changed: object) -> Path:
    """Write orders, with what they name beside them."""
    (folder / "token").write_text(TOKEN + "\n", encoding="utf-8")
    (folder / "ca.pem").write_text("a certificate", encoding="ascii")
    path = folder / "orders.json"
    path.write_text(json.dumps(GOOD | changed), encoding="utf-8")
    return path


@pytest.mark.lab
def test_the_agent_tells_what_it_sees_until_it_is_ended(
    collector: Collector, tmp_path: Path
) -> None:
    """Two targets, one that nobody has; SIGTERM ends it in order."""
    where = {"host": LOCAL, "port": collector.port, "name": LOCAL, "authority_file": "ca.pem"}
    targets = [
        {"name": "here", "address": LOCAL, "interface": "lo", "source": LOCAL},
        {"name": "nowhere", "address": LOCAL, "interface": "nowhere0"},
    ]
    path = write(tmp_path, collector=where, targets=targets, interval_s=0.1)
    (tmp_path / "ca.pem").write_text(collector.authority, encoding="ascii")
    with collector.running():
        command = [sys.executable, "-m", "collectors.agent.probe", str(path)]
        agent = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        until(lambda: len(collector.rows) >= 10, "rows have come")
        agent.send_signal(signal.SIGTERM)
        _, said = agent.communicate(timeout=60)

    assert (agent.returncode, said) == (0, "")
    answers = {str(row[0]): row[2:] for row in collector.rows}
    assert isinstance(answers["here"][0], float)
    assert answers["nowhere"] == [None, "no_interface\tnowhere0"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"agent": ""}, "agent is '', expected text"),
        ({"token_file": "missing"}, "missing cannot be read"),
        ({"collector": None}, "collector is None, expected an object"),
        ({"collector": {"host": LOCAL, "port": 0}}, "port is 0, expected 1 to 65535"),
        ({"targets": []}, "targets is [], expected a list with at least one"),
        ({"targets": [{"name": "a", "address": "10.0.0.300"}]}, "target a: '10.0.0.300'"),
        ({"targets": [{"name": "a", "address": LOCAL, "port": 1}]}, "target a has unknown port"),
        (
            {"targets": [{"name": "a", "address": LOCAL, "source": "::1"}]},
            "target a: ::1 cannot ask 127.0.0.1",
        ),
        ({"checks": [{"service": "portal", "kind": "gopher"}]}, "gopher is none of https, tls"),
        (
            {"checks": [{"service": "x", "kind": "tcp", "address": LOCAL, "port": 1, "more": 1}]},
            "check of x has unknown more",
        ),
        (
            {"checks": [{"service": "x", "kind": "tls", "proof": {}}]},
            "check of x has unknown proof",
        ),
        ({"interval_s": 0}, "interval_s is 0, expected 0.1 to 3600"),
        ({"interval_s": True}, "interval_s is True, expected 0.1 to 3600"),
        ({"check_interval_s": 0.5}, "check_interval_s is 0.5, expected 1 to 3600"),
    ],
)
def test_orders_that_cannot_be_followed_say_why(
    tmp_path: Path, changed: dict[str, object], says: str
) -> None:
    """Each with the file and what was expected."""
    with pytest.raises(OrdersError) as caught:
        read_orders(write(tmp_path, **changed))

    assert says in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_orders_name_files_beside_them(tmp_path: Path) -> None:
    """They may be read from any folder; a token is read without its line end."""
    orders = read_orders(write(tmp_path))

    assert (orders.who.token, orders.where.authority) == (TOKEN, "a certificate")
    assert (orders.interval_s, orders.patience_s, orders.check_interval_s) == (1.0, 1.0, 30.0)


@pytest.mark.parametrize("device", ["core1", "dien-ban-pc"])
def test_the_orders_of_the_declared_network_can_be_followed(tmp_path: Path, device: str) -> None:
    """Who writes orders and who reads them are two programs, on two devices."""
    write(tmp_path)
    (tmp_path / "authority.pem").write_text("a certificate", encoding="ascii")
    given = orders_of(load(ROOT / "inventory"), device, "10.90.99.10", 7443)
    path = tmp_path / "given.json"
    path.write_text(json.dumps(given), encoding="utf-8")
    orders = read_orders(path)

    assert (orders.who.agent, orders.where.port) == (device, 7443)
    assert bool(orders.targets) is (device == "core1")
    assert orders.check_interval_s == CHECK_INTERVAL_S
    assert {one.kind for one in orders.checks} == (
        set() if device == "core1" else {"https", "dns", "ntp", "tcp"}
    )


def test_a_pc_checks_a_service_and_tells(collector: Collector, tmp_path: Path) -> None:
    """Without raw sockets: a PC has no circuit to ask."""
    where = {"host": LOCAL, "port": collector.port, "name": LOCAL, "authority_file": "ca.pem"}
    checks = [{"service": "ocsp", "kind": "tcp", "address": LOCAL, "port": 1}]
    orders = {"targets": [], "checks": checks, "check_interval_s": 1}
    path = write(tmp_path, collector=where, **orders)
    (tmp_path / "ca.pem").write_text(collector.authority, encoding="ascii")
    with collector.running():
        command = [sys.executable, "-m", "collectors.agent.probe", str(path)]
        agent = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        until(lambda: len(collector.rows) > 1, "it was checked twice")
        agent.send_signal(signal.SIGTERM)
        _, said = agent.communicate(timeout=60)

    assert (agent.returncode, said) == (0, "")
    assert collector.messages[0][1].kind == "check"
    first, second = (float(str(row[1])) for row in collector.rows[:2])
    assert 0.9 < second - first < 5
    service, _, is_ok, _, expires_s, why = collector.rows[0]
    assert (service, is_ok, expires_s, why) == ("ocsp", 0, None, "Connection refused")
