# SPDX-License-Identifier: MIT
"""Measure values per CPU-second of our SNMP beside pysnmp's and prometheus-snmp-exporter's.

All three ask the same agents, snmpd of Debian, all at once as a poller does,
for the same columns: interfaces (ifTable and ifXTable) and storage.  Agents
and everybody who asks live in a network namespace of their own, with as many
interfaces as wanted; needs root.
Ours is a whole poll up to the finished Observation; pysnmp's walks column by
column without names of MIBs; the exporter's is a scrape.  CPU-seconds are
user and system time of whoever asks; the agents' are not counted.
"""

import argparse
import asyncio
import contextlib
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from collectors import plan
from collectors.poll import poll
from collectors.snmp import ber
from collectors.snmp.security import Community, Security
from collectors.snmp.session import Patience, Session, Target
from collectors.snmp.usm import User, UserSecurity
from collectors.snmp.walk import Pace
from tinhnet.clock import utc_now

ROOT = Path(__file__).parents[1]
INSIDE = "TINHNET_BENCH_INSIDE"
PORT = 161
EXPORTER = "prometheus-snmp-exporter"
EXPORTER_PORT = 9116
AUTH, PRIV = "authentication passphrase", "privacy passphrase"
REPETITIONS = 25
"""The exporter's default, and a good one for pysnmp: more made neither faster here."""
STORAGE = ber.oid(plan.STORAGE.names[0])
COLUMNS = (*plan.INTERFACES.values(), *plan.STORAGE.names)
SNMPD = f"""rocommunity public
createUser noc SHA-256 "{AUTH}" AES "{PRIV}"
rouser noc priv
"""
HEAD = """
## SNMP

Values per CPU-second of whoever asks, over poll and decode.
{agents} agents (snmpd) at once, each with {interfaces} interfaces × {columns} columns and
{spaces} storage rows × {space_columns}; `bench/snmp.py` says what each party does.
Medians of {rounds} rounds in which all take turns; ratios are medians of the rounds' ratios.

{machine}

| | tinhnet | pysnmp {pysnmp} | prometheus-snmp-exporter | ÷ pysnmp (aim ≥ 30) | \
÷ exporter (aim ≥ 1) |
| --- | --- | --- | --- | --- | --- |
"""

Measured = tuple[int, float]
"""Values and CPU-seconds."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the protocol and how each party asks by it."""

    name: str
    security: Callable[[], Security]


def security_v3() -> Security:
    """Return our user."""
    return UserSecurity(User("noc", "sha256", AUTH, PRIV), random.getrandbits(64))


VERSIONS = (
    Version("SNMPv2c", lambda: Community("public")),
    Version("SNMPv3 authPriv (SHA-256, AES-128)", security_v3),
)


def number() -> int:
    """Return a message number."""
    return random.getrandbits(31)


async def ours(version: Version, ports: range, polls: int) -> tuple[Measured, tuple[int, int]]:
    """Poll all agents several times in one session each; the first time is a rehearsal."""
    interfaces = spaces = values = 0
    async with contextlib.AsyncExitStack() as stack:
        sessions = []
        for port in ports:
            target = Target("127.0.0.1", port)
            session = Session(target, version.security(), number, Patience(10, 3))
            sessions.append((await stack.enter_async_context(session), Pace()))
        await asyncio.gather(*(poll(session, pace, utc_now) for session, pace in sessions))
        began = time.process_time()
        for _ in range(polls):
            found = await asyncio.gather(
                *(poll(session, pace, utc_now) for session, pace in sessions)
            )
            for one, (_, pace) in zip(found, sessions, strict=True):
                interfaces, spaces = len(one.interfaces), pace.rows[STORAGE]
                values += interfaces * len(plan.INTERFACES) + spaces * len(plan.STORAGE.columns)
        spent_s = time.process_time() - began
    return (values, spent_s), (interfaces, spaces)


async def theirs(version: Version, ports: range) -> Measured:
    """Walk every column of all agents with pysnmp."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pysnmp.hlapi.v3arch import asyncio as hlapi  # noqa: PLC0415 its import warns
    engine = hlapi.SnmpEngine()
    if version.name == "SNMPv2c":
        who = hlapi.CommunityData("public")
    else:
        who = hlapi.UsmUserData(
            "noc",
            AUTH,
            PRIV,
            authProtocol=hlapi.USM_AUTH_HMAC192_SHA256,
            privProtocol=hlapi.USM_PRIV_CFB128_AES,
        )
    targets = [
        await hlapi.UdpTransportTarget.create(("127.0.0.1", port), timeout=10) for port in ports
    ]

    async def walk(target: hlapi.UdpTransportTarget, columns: tuple[str, ...]) -> int:
        return sum([await walk_column(target, column) for column in columns])

    async def walk_column(target: hlapi.UdpTransportTarget, column: str) -> int:
        count = 0
        async for failed, status, _, bindings in hlapi.bulk_walk_cmd(
            engine,
            who,
            target,
            hlapi.ContextData(),
            0,
            REPETITIONS,
            hlapi.ObjectType(hlapi.ObjectIdentity(column)),
            lexicographicMode=False,
            lookupMib=False,
        ):
            if failed or status:
                sys.exit(f"pysnmp: {failed or status}")
            count += len(bindings)
        return count

    await asyncio.gather(*(walk(target, ("1.3.6.1.2.1.1.9.1.2",)) for target in targets))
    began = time.process_time()
    values = sum(await asyncio.gather(*(walk(target, COLUMNS) for target in targets)))
    spent_s = time.process_time() - began
    engine.close_dispatcher()
    return values, spent_s


def exporter_config() -> dict[str, object]:
    """Return the exporter's configuration: the same columns as metrics with their index."""
    texts = {"description", "name", "alias"}
    words = [*plan.INTERFACES, *(f"storage_{word}" for word in plan.STORAGE.columns)]
    metrics = [
        {
            "name": f"m_{word}",
            "oid": column,
            "type": "DisplayString" if word in texts or word.endswith("description") else "gauge",
            "help": word,
            "indexes": [{"labelname": "index", "type": "gauge"}],
        }
        for word, column in zip(words, COLUMNS, strict=True)
        if word != "storage_type"
    ]
    module = {"walk": list(COLUMNS), "metrics": metrics, "max_repetitions": REPETITIONS}
    auth = {"security_level": "authPriv", "username": "noc", "password": AUTH}
    auth |= {"auth_protocol": "SHA256", "priv_protocol": "AES", "priv_password": PRIV}
    return {
        VERSIONS[0].name: module | {"version": 2, "auth": {"community": "public"}},
        VERSIONS[1].name.split()[0]: module | {"version": 3, "auth": auth},
    }


def scrape(
    version: Version, exporter: subprocess.Popen[bytes], ports: range, scrapes: int
) -> Measured:
    """Scrape all agents through the exporter; its values are the samples it gives."""
    module = version.name.split()[0]

    def one(port: int) -> int:
        url = f"http://127.0.0.1:{EXPORTER_PORT}/snmp?target=127.0.0.1:{port}&module={module}"
        with urllib.request.urlopen(url, timeout=300) as answer:
            text = answer.read().decode()
        return sum(line.startswith("m_") for line in text.splitlines())

    began = cpu_s(exporter.pid)
    with ThreadPoolExecutor(len(ports)) as pool:
        values = sum(pool.map(one, [*ports] * scrapes))
    return values, cpu_s(exporter.pid) - began


def cpu_s(pid: int) -> float:
    """Return user and system time of a process."""
    words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(ready: Callable[[], object], what: str) -> None:
    """Wait until something no longer raises OSError."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            ready()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"{what} does not start")


def start(folder: Path, interfaces: int, ports: range) -> tuple[subprocess.Popen[bytes], ...]:
    """Build the namespace's interfaces, start agents and, where it is installed, the exporter."""
    pairs = [f"link add type veth peer name p{pair}" for pair in range(interfaces // 2)]
    lines = "\n".join(("link set lo up", *pairs))
    subprocess.run(["ip", "-batch", "-"], input=lines, text=True, check=True)
    agents = tuple(start_agent(folder / str(port), port) for port in ports)
    if shutil.which(EXPORTER) is None:
        print(f"{EXPORTER} is not installed: not measured", file=sys.stderr)
        return agents
    (folder / "snmp.yml").write_text(yaml.safe_dump(exporter_config()), encoding="utf-8")
    listen = f"--web.listen-address=127.0.0.1:{EXPORTER_PORT}"
    command = [EXPORTER, f"--config.file={folder}/snmp.yml", listen, "--log.level=error"]
    exporter = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{EXPORTER_PORT}/"
    wait_for(lambda: urllib.request.urlopen(url, timeout=5).close(), EXPORTER)
    return exporter, *agents


def start_agent(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start an snmpd and wait until it logs that it serves."""
    folder.mkdir()
    text = f"agentAddress udp:127.0.0.1:{port}\n{SNMPD}"
    (folder / "snmpd.conf").write_text(text, encoding="utf-8")
    (folder / "log").touch()
    paths = {"SNMP_PERSISTENT_DIR": str(folder), "SNMPCONFPATH": str(folder), "MIBS": ""}
    agent = subprocess.Popen(
        ["snmpd", "-f", "-C", "-c", "snmpd.conf", "-Lf", "log", "-I", "-smux"],
        cwd=folder,
        env=os.environ | paths,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: served(folder / "log"), "snmpd")
    return agent


def served(log: Path) -> None:
    """Raise OSError until snmpd has logged its version, the last thing it does at its start."""
    if "NET-SNMP version" not in log.read_text(errors="replace"):
        raise FileNotFoundError(log)


def spread(values: list[float], unit: str = "") -> str:
    """Return median and range."""
    middle = f"{statistics.median(values):,.1f}" if unit else f"{statistics.median(values):,.0f}"
    low, high = (f"{one:,.1f}" if unit else f"{one:,.0f}" for one in (min(values), max(values)))
    return f"**{middle}{unit}** ({low}–{high})"


def measure(
    rounds: int, ports: range, exporter: subprocess.Popen[bytes] | None
) -> tuple[str, int, int]:
    """Return the rows of the table, and how large an agent's tables are."""
    text = ""
    for version in VERSIONS:
        rates: dict[str, list[float]] = {"ours": [], "pysnmp": [], "exporter": []}
        for turn in range(rounds):
            (values, spent_s), sizes = asyncio.run(ours(version, ports, 5))
            rates["ours"].append(values / spent_s)
            values, spent_s = asyncio.run(theirs(version, ports))
            rates["pysnmp"].append(values / spent_s)
            if exporter is not None:
                values, spent_s = scrape(version, exporter, ports, 5)
                rates["exporter"].append(values / spent_s)
            told = ", ".join(f"{who} {found[-1]:,.0f}" for who, found in rates.items() if found)
            print(f"{version.name}, round {turn + 1}: {told}", flush=True)
        ratios = {
            who: [mine / one for mine, one in zip(rates["ours"], rates[who], strict=False)]
            for who in ("pysnmp", "exporter")
        }
        cells = [version.name, *(spread(rates[who]) if rates[who] else "–" for who in rates)]
        cells += [spread(found, " ×") if found else "–" for found in ratios.values()]
        text += f"| {' | '.join(cells)} |\n"
    return text, *sizes


def machine() -> str:
    """Return one line about the machine and the versions."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), "?")
    versions = [f"Linux {platform.release()}", f"Python {platform.python_version()}"]
    for package in ("snmpd", EXPORTER):
        found = subprocess.run(
            ["dpkg-query", "-W", "-f=${Package} ${Version}", package],
            capture_output=True,
            text=True,
            check=False,
        )
        versions += [found.stdout] if found.stdout else []
    return f"{datetime.now(UTC).date()}: {model}, {os.cpu_count()} cores, {', '.join(versions)}."


def write(section: str) -> None:
    """Put the section into bench/RESULTS.md in place of the last one."""
    results = ROOT / "bench/RESULTS.md"
    text = results.read_text(encoding="utf-8") if results.exists() else "# Figures\n"
    before, mark, rest = text.partition("\n## SNMP\n")
    _, next_mark, behind = rest.partition("\n## ") if mark else ("", "", "")
    results.write_text(before.rstrip("\n") + "\n" + section + next_mark + behind, encoding="utf-8")


def main() -> None:
    """Measure, then write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--agents", type=int, default=4)
    parser.add_argument("--interfaces", type=int, default=60)
    parser.add_argument("--dry", action="store_true", help="write nothing")
    asked = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("a network namespace needs root")
    if INSIDE not in os.environ:
        os.execvpe(  # noqa: S606 the same program in a namespace of its own
            "unshare", ["unshare", "-n", sys.executable, *sys.argv], os.environ | {INSIDE: "1"}
        )
    import pysnmp  # noqa: PLC0415 the peer, for its version

    with tempfile.TemporaryDirectory() as folder:
        ports = range(PORT, PORT + asked.agents)
        processes = start(Path(folder), asked.interfaces, ports)
        exporter = processes[0] if len(processes) > asked.agents else None
        try:
            rows, interfaces, spaces = measure(asked.rounds, ports, exporter)
        finally:
            for process in processes:
                process.terminate()
                process.wait()
    head = HEAD.format(
        agents=asked.agents,
        interfaces=interfaces,
        columns=len(plan.INTERFACES),
        spaces=spaces,
        space_columns=len(plan.STORAGE.columns),
        rounds=asked.rounds,
        machine=machine(),
        pysnmp=pysnmp.__version__,
    )
    print(head + rows)
    if not asked.dry:
        write(head + rows)


if __name__ == "__main__":
    main()
