# SPDX-License-Identifier: MIT
"""The agent as a program: asks circuits and services, tells the collector.

The orders are a JSON file: `agent` (its name), `token_file`, `collector` (host,
port, name, authority_file), `targets` (name, address and, to pin the way,
interface and source), `checks` (service, kind, address, port and what is
expected), and if wanted `interval_s` and `patience_s` of targets and
`check_interval_s`.  Where FRRouting runs, its BFD sessions are told too.
"""

import json
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from collectors.agent import bfd, ports
from collectors.agent.check import KINDS, Check, examine
from collectors.agent.course import after, begin
from collectors.agent.ping import Echo, Pinger, Target
from collectors.agent.report import BETWEEN, Reporter, Where, Who

INTERVAL_S = 1.0
PATIENCE_S = 1.0
LEAST_INTERVAL_S = 0.1
CHECK_INTERVAL_S = 30.0
BFD_S = 5.0
CHECKS_AT_ONCE = 4
FAILED = 1


class OrdersError(Exception):
    """The orders cannot be followed; the message says what is wrong and where."""


class Orders(NamedTuple):
    """What the agent is to do."""

    who: Who
    where: Where
    targets: tuple[Target, ...]
    checks: tuple[Check, ...]
    interval_s: float
    patience_s: float
    check_interval_s: float


def read_orders(path: Path) -> Orders:
    """Read and check the orders; relative files lie beside them.  Raises OrdersError."""
    try:
        held = json.loads(_text(path))
    except ValueError as error:
        raise OrdersError(f"{path} is no JSON: {error}") from error
    top = _mapping(held, str(path))
    collector = _mapping(top.get("collector"), f"{path}: collector")
    beside = path.parent
    targets = tuple(_target(one, path) for one in _list(top, "targets", path))
    checks = tuple(_check(one, path) for one in _list(top, "checks", path))
    if not targets and not checks:
        raise OrdersError(f"{path}: targets is [], expected a list with at least one")
    return Orders(
        who=Who(_word(top, "agent", path), _text(beside / _word(top, "token_file", path)).strip()),
        where=Where(
            host=_word(collector, "host", path),
            port=int(_number(collector, "port", None, 1, 65535, path)),
            name=_word(collector, "name", path),
            authority=_text(beside / _word(collector, "authority_file", path)),
        ),
        targets=targets,
        checks=checks,
        interval_s=_number(top, "interval_s", INTERVAL_S, LEAST_INTERVAL_S, 3600, path),
        patience_s=_number(top, "patience_s", PATIENCE_S, LEAST_INTERVAL_S, 60, path),
        check_interval_s=_number(top, "check_interval_s", CHECK_INTERVAL_S, 1, 3600, path),
    )


def run(orders: Orders) -> None:
    """Ask and tell until SIGTERM or SIGINT; what is seen by then is still told."""
    over = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        over.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    pinger = Pinger(orders.targets, interval_s=orders.interval_s, patience_s=orders.patience_s)
    reporter = Reporter(orders.where, orders.who, look=pinger.look)

    def tell(echo: Echo) -> None:
        row = [echo.name, echo.at, echo.round_trip_s, BETWEEN.join(echo.why)]
        reporter.put("echo", row, is_urgent=echo.is_urgent)

    work = [lambda: reporter.run(over.is_set)]
    if any(target.interface for target in orders.targets):
        work.append(lambda: _watch_ports(pinger, over.is_set))
    if orders.checks:
        work.append(lambda: _check_services(orders, reporter, over))
    if orders.targets:
        work.append(lambda: _read_sessions(reporter, over))
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    try:
        pinger.run(tell, over.is_set)
    finally:
        over.set()
        for thread in threads:
            thread.join()
        pinger.close()


def _watch_ports(pinger: Pinger, is_over: Callable[[], bool]) -> None:
    ports.watch(lambda name, runs: pinger.turn(name, is_up=runs), is_over)


def _check_services(orders: Orders, reporter: Reporter, over: threading.Event) -> None:
    """Make every check when it is due, a few at a time; not all PCs of the province at once."""
    interval_s = orders.check_interval_s
    first = time.monotonic() + random.uniform(0, interval_s)  # noqa: S311 spreads agents
    courses = [begin(check, first) for check in orders.checks]
    with ThreadPoolExecutor(CHECKS_AT_ONCE) as pool:
        while not over.wait(max(0.0, min(one.due for one in courses) - time.monotonic())):
            now = time.monotonic()
            due = [number for number, one in enumerate(courses) if one.due <= now]
            checks = [courses[number].check for number in due]
            for number, found in zip(due, pool.map(examine, checks), strict=True):
                row = [found.service, found.at, int(found.is_ok), found.duration_s]
                reporter.put("check", [*row, found.expires_s, BETWEEN.join(found.why)])
                courses[number] = after(
                    courses[number],
                    is_ok=found.is_ok,
                    now=time.monotonic(),
                    interval_s=interval_s,
                )
                if over.is_set():
                    pool.shutdown(wait=False, cancel_futures=True)
                    return


def _read_sessions(reporter: Reporter, over: threading.Event) -> None:
    """Tell every BFD_S of each port whether its BFD session is up, once FRRouting runs."""
    while not over.is_set():
        at = time.time()
        found = bfd.sessions() if bfd.is_there() else None
        for port, is_up in (found or {}).items():
            reporter.put("bfd", [port, at, int(is_up)])
        over.wait(BFD_S)


def main(arguments: Sequence[str]) -> int:
    """Run with the path of the orders; return the exit status."""
    try:
        run(read_orders(Path(arguments[0])))
    except IndexError:
        return _fail("give the file of orders")
    except OrdersError as error:
        return _fail(str(error))
    except PermissionError as error:
        return _fail(f"raw sockets are not allowed: {error.strerror}; give it CAP_NET_RAW")
    return 0


def _fail(why: str) -> int:
    sys.stderr.write(f"probe: {why}\n")
    return FAILED


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OrdersError(f"{path} cannot be read: {error}") from error


def _mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise OrdersError(f"{where} is {value!r}, expected an object")
    return value


def _list(held: Mapping[str, object], name: str, path: Path) -> list[object]:
    value = held.get(name, [])
    if not isinstance(value, list):
        raise OrdersError(f"{path}: {name} is {value!r}, expected a list")
    return value


def _word(held: Mapping[str, object], name: str, path: Path) -> str:
    value = held.get(name)
    if not isinstance(value, str) or not value:
        raise OrdersError(f"{path}: {name} is {value!r}, expected text")
    return value


def _number(
    held: Mapping[str, object],
    name: str,
    default: float | None,
    least: float,
    most: float,
    path: Path,
) -> float:
    value = held.get(name, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= float(str(value)) <= most:
        raise OrdersError(f"{path}: {name} is {value!r}, expected {least:g} to {most:g}")
    return float(str(value))


def _target(value: object, path: Path) -> Target:
    one = _mapping(value, f"{path}: a target")
    name = _word(one, "name", path)
    unknown = sorted(set(one) - set(Target._fields))
    if unknown:
        raise OrdersError(f"{path}: target {name} has unknown {', '.join(unknown)}")
    address, source = _word(one, "address", path), one.get("source")
    try:
        versions = {ip_address(address).version, ip_address(str(source or address)).version}
    except ValueError as error:
        raise OrdersError(f"{path}: target {name}: {error}") from error
    if len(versions) > 1:
        raise OrdersError(f"{path}: target {name}: {source} cannot ask {address}")
    interface = None if one.get("interface") is None else _word(one, "interface", path)
    return Target(name, address, interface, None if source is None else str(source))


def _check(value: object, path: Path) -> Check:
    one = _mapping(value, f"{path}: a check")
    service, kind = _word(one, "service", path), _word(one, "kind", path)
    known = {*Check._fields, "authority_file"} - {"authority", "proof"}
    unknown = sorted(set(one) - known)
    if unknown:
        raise OrdersError(f"{path}: check of {service} has unknown {', '.join(unknown)}")
    if kind not in KINDS:
        raise OrdersError(f"{path}: check of {service}: {kind} is none of {', '.join(KINDS)}")
    authority = one.get("authority_file")
    return Check(
        service,
        kind,
        _word(one, "address", path),
        int(_number(one, "port", None, 1, 65535, path)),
        str(one.get("name", "")),
        str(one.get("path", "/")),
        str(one.get("expect", "")),
        _text(path.parent / str(authority)) if authority else "",
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
