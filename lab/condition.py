# SPDX-License-Identifier: MIT
"""The condition of circuits: cut, lossy, slow or far, made in the carrier's namespace.

One function makes a circuit be what its record says, from whatever it was
before; nothing on the routers is touched.
"""

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from lab import cgroup, kernel
from lab.delay import READY
from lab.layout import Layout
from lab.record import LinkRecord
from lab.shell import ip_batch, run
from tinhnet.errors import TinhnetError

_PROGRAM = Path(__file__).with_name("delay.py")
_PER_MILLION = 1_000_000
_RATE = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<unit>[kMG]?)")
_UNITS = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}
SLOWEST_BPS = 8_000  # a slower bucket cannot hold one full frame


@dataclass(frozen=True, slots=True)
class Quality:
    """How bad a circuit is, each way; None means as promised."""

    loss_percent: float | None
    delay_ms: float | None
    rate_bps: int | None


def healthy(link: LinkRecord) -> LinkRecord:
    """Return the link as the carrier promised it."""
    return replace(link, cut=None, loss_percent=None, delay_ms=None, rate_bps=None)


def degraded(link: LinkRecord, quality: Quality) -> LinkRecord:
    """Return the link with exactly this quality; a cut stays a cut."""
    return replace(
        link,
        loss_percent=quality.loss_percent,
        delay_ms=quality.delay_ms,
        rate_bps=quality.rate_bps,
    )


def rate_of(text: str) -> int:
    """Return bit/s from `512k`, `10M`, `1.5G` or plain digits; TinhnetError otherwise."""
    found = _RATE.fullmatch(text)
    rate_bps = int(float(found["number"]) * _UNITS[found["unit"]]) if found else 0
    if rate_bps < SLOWEST_BPS:
        message = f'--rate "{text}": expected bit/s of at least {SLOWEST_BPS}'
        raise TinhnetError(message, "for example --rate 10M or --rate 512k")
    return rate_bps


def options_of(quality: Quality) -> tuple[str, ...]:
    """Return the command-line options that name this quality."""
    named = {
        "loss": quality.loss_percent,
        "delay": quality.delay_ms,
        "rate": quality.rate_bps,
    }
    return tuple(
        f"--{key}={value:g}" if isinstance(value, float) else f"--{key}={value}"
        for key, value in named.items()
        if value is not None
    )


def require_circuit(link: LinkRecord) -> None:
    """Refuse a patch cable: it is one veth pair with nothing in between to break."""
    if link.place is None:
        raise TinhnetError(
            f"{link.id} is a patch cable inside the data centre; only circuits can be cut",
            "power off the device at one end: tinhnet lab kill DEVICE",
        )


def apply(layout: Layout, link: LinkRecord) -> LinkRecord:
    """Make a circuit be as recorded; returns it with its delay line's process."""
    require_circuit(link)
    namespace = layout.namespace(link.place or "")
    line = cgroup.group_of(layout.prefix, f"line-{link.bridge}")
    cgroup.end_all(line)
    cgroup.remove(line)
    _reset(namespace, link)
    ip_batch(port_commands(link), namespace)
    if link.rate_bps is not None:
        for port in link.ports:
            run(["tc", "-n", namespace, *rate_arguments(port, link.rate_bps)])
    if link.loss_percent is not None and link.delay_ms is None:
        run(["ip", "netns", "exec", namespace, "nft", "-f", "-"], loss_rules(link))
    if link.delay_ms is None or link.cut is not None:
        return replace(link, line_pid=None)
    return replace(link, line_pid=_start_line(layout, link, line))


def port_commands(link: LinkRecord) -> Iterator[str]:
    """Yield how the two ports stand: on the bridge, off it, or dark.

    A port that is off its bridge keeps its light and loses every frame both
    ways, which is what a silent cut is.  (A disabled bridge port would come
    back by itself when its device is switched off and on.)
    """
    switched = link.cut is None and link.delay_ms is None
    for port in link.ports:
        yield f"link set dev {port} " + (f"master {link.bridge}" if switched else "nomaster")
        yield f"link set dev {port} " + ("down" if link.cut == "port" else "up")


def rate_arguments(port: str, rate_bps: int) -> list[str]:
    """Return the `tc` arguments that limit what leaves a port.

    The bucket holds 10 ms or four full frames, the queue 50 ms.
    """
    burst = max(6400, rate_bps // 8 // 100)
    queue = ["rate", f"{rate_bps}bit", "burst", f"{burst}", "latency", "50ms"]
    return ["qdisc", "replace", "dev", port, "root", "tbf", *queue]


def loss_rules(link: LinkRecord) -> str:
    """Return nftables rules that lose frames as they enter the carrier, each way."""
    lost = round((link.loss_percent or 0.0) / 100 * _PER_MILLION)
    rule = f"numgen random mod {_PER_MILLION} < {lost} drop"
    chains = "".join(
        f" chain {port} {{ type filter hook ingress device {port} priority 0; {rule}; }}\n"
        for port in link.ports
    )
    return f"table netdev {link.bridge} {{\n{chains}}}\n"


def _reset(namespace: str, link: LinkRecord) -> None:
    """Take away loss and rate; neither need exist."""
    rules = f"add table netdev {link.bridge}\ndelete table netdev {link.bridge}\n"
    run(["ip", "netns", "exec", namespace, "nft", "-f", "-"], rules)
    shown = run(["tc", "-n", namespace, "qdisc", "show"])
    for port in link.ports:
        if f"dev {port} root" in shown and "noqueue" not in _line_of(shown, port):
            run(["tc", "-n", namespace, "qdisc", "del", "dev", port, "root"])


def _line_of(shown: str, port: str) -> str:
    return next((line for line in shown.splitlines() if f" dev {port} root" in line), "")


def _start_line(layout: Layout, link: LinkRecord, group: Path) -> int:
    """Start the delay line inside the carrier, detached from this process; it carries already.

    The process id and the word that it is ready come over one pipe, in either order.
    """
    group.mkdir(parents=True, exist_ok=True)
    arguments = [*link.ports, str(link.delay_ms or 0), str(link.loss_percent or 0)]
    log = layout.log / f"line-{link.bridge}.log"
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            inner = os.fork()
            if inner:
                os.write(writer, str(inner).encode())
                os._exit(0)
            (group / "cgroup.procs").write_text("0")
            kernel.join(layout.namespace_file(link.place or ""), kernel.CLONE_NEWNET)
            _redirect(log)
            os.set_inheritable(writer, True)  # noqa: FBT003 its only form
            argv = [sys.executable, "-I", str(_PROGRAM), *arguments, str(writer)]
            os.execv(sys.executable, argv)  # noqa: S606 our own program, no shell
        finally:
            os._exit(1)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as answer:
        told = answer.read()  # ends when the line carries frames, or has ended itself
    if READY not in told:
        raise TinhnetError(f"{link.id}: the delay line did not start", f"see {log}")
    return int(told.replace(READY, ""))


def _redirect(log: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    for source, target in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(source, target)
