# SPDX-License-Identifier: MIT
"""The private root file system that every device of every lab shares, read-only.

Built once by mmdebstrap from the machine's own apt sources and kept outside
the checkout.  Never the machine's own `/`: that would start the machine's
daemons inside the devices and show them every key.
"""

import hashlib
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lab.prune import LEAVING, build_lock, prune
from lab.shell import run
from tinhnet.errors import TinhnetError

CACHE = Path("/var/cache/tinhnet")
SUITE = "bookworm"
NEEDED_MB = 900  # the finished root and what is unpacked beside it while it is built
_HERE = Path(__file__).parent
_SOURCES = (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d"))
# What a device never reads. libLLVM is PostgreSQL's JIT alone: 130 of 540 MB.
_LEFT_OUT = (
    "/usr/share/man/*",
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
    "/usr/lib/llvm-14/*",
    "/usr/lib/*/libLLVM-14.so*",
    "/usr/lib/*/libz3.so*",
    "/usr/lib/postgresql/15/lib/llvmjit*",
    "/usr/lib/postgresql/15/lib/bitcode/*",
)
_APT_SETTINGS = ("Acquire::http", "Acquire::https", "Acquire::Check", "Acquire::Retries")

Progress = Callable[[str], None]


def packages() -> tuple[str, ...]:
    """Return the packages of the base root, from `base_packages.txt`."""
    return tuple((_HERE / "base_packages.txt").read_text(encoding="utf-8").split())


def base_path(cache: Path = CACHE) -> Path:
    """Return where the base for this package list and recipe stands or will stand."""
    digest = hashlib.sha256(repr((SUITE, packages(), _LEFT_OUT)).encode())
    for part in sorted([_HERE / "base_customize.sh", *(_HERE / "rootfs").iterdir()]):
        digest.update(part.name.encode() + part.read_bytes())
    return cache / f"base-{digest.hexdigest()[:12]}"


def ensure_base(progress: Progress, cache: Path = CACHE) -> Path:
    """Return the base root, building it if it is missing (about 70 s).

    Two labs that start together build it once; older ones that no lab uses
    make room first. TinhnetError when the disk is
    too small, mmdebstrap is missing or the build fails; nothing partial stays.
    """
    target = base_path(cache)
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with build_lock(cache, progress):
        if target.is_dir():
            return target
        for leftover in cache.glob(f"{LEAVING}*"):
            shutil.rmtree(leftover)
        prune(cache, target, progress)
        _check_machine(cache)
        build_from(machine_sources(_SOURCES), target, progress)
    return target


def _check_machine(cache: Path) -> None:
    if shutil.which("mmdebstrap") is None:
        raise TinhnetError("mmdebstrap is not installed", "apt install mmdebstrap")
    free_mb = shutil.disk_usage(cache).free // 1_000_000
    if free_mb < NEEDED_MB:
        message = f"{cache}: {free_mb} MB free, the devices' base root needs {NEEDED_MB} MB"
        raise TinhnetError(message, "make room there, or mount a larger disk")


def build_from(sources: str, target: Path, progress: Progress) -> None:
    """Build a base from apt sources; the target appears whole or not at all."""
    partial = target.with_name(f"{LEAVING}{target.name}")
    progress(f"building the devices' base root with {len(packages())} packages (about 70 s)")
    began = time.monotonic()
    root = partial / "root"
    partial.mkdir()
    try:
        settings = partial / "apt.conf"
        settings.write_text(_apt_settings(), encoding="utf-8")
        _mmdebstrap(sources, root, settings, progress)
        root.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    progress(f"base root ready in {time.monotonic() - began:.0f} s: {target}")


def _mmdebstrap(sources: str, root: Path, settings: Path, progress: Progress) -> None:
    log = settings.with_name("log")
    argv = [
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        f"--aptopt={settings}",
        '--aptopt=APT::Install-Recommends "false"',
        f"--include={','.join(packages())}",
        f'--customize-hook=sh {shlex.quote(str(_HERE / "base_customize.sh"))} "$1"',
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT),
        SUITE,
        str(root),
        "-",
    ]
    # Daemons start in a package's postinst only if policy-rc.d lets them; inside the new
    # root mmdebstrap's own says no, so nothing starts on the machine either.
    environment = {"PATH": os.defpath + ":/usr/sbin:/sbin", "DEBIAN_FRONTEND": "noninteractive"}
    with (
        log.open("w", encoding="utf-8") as written,
        subprocess.Popen(
            argv,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as builder,
    ):
        _feed(builder, sources)
        for line in builder.stdout or ():
            written.write(line)
            if line.startswith("I: ") and line.rstrip().endswith("..."):
                progress(f"base root: {line[3:].strip()}")
    if builder.returncode != 0:
        tail = " / ".join(log.read_text(encoding="utf-8").splitlines()[-6:])
        raise TinhnetError(
            f"mmdebstrap: exit {builder.returncode}: {tail}",
            "check the machine's apt sources: `apt-get update` must succeed",
        )


def _feed(builder: subprocess.Popen[str], sources: str) -> None:
    if builder.stdin is None:
        return
    builder.stdin.write(sources)
    builder.stdin.close()


def machine_sources(places: tuple[Path, ...]) -> str:
    """Return this machine's apt sources for the suite of the base, in one-line form.

    Other repositories of the machine stay out. TinhnetError when none is left.
    """
    lines = [
        line
        for file in _source_files(places)
        for line in _one_line_sources(file)
        if _suite_of(line) in (SUITE, f"{SUITE}-updates", f"{SUITE}-security")
    ]
    if not lines:
        where = ", ".join(str(place) for place in places)
        raise TinhnetError(
            f"{where}: no apt source for Debian {SUITE}",
            f"add one, for example: deb http://deb.debian.org/debian {SUITE} main",
        )
    return "".join(f"{line}\n" for line in dict.fromkeys(lines))


def _source_files(places: tuple[Path, ...]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from sorted([*place.glob("*.list"), *place.glob("*.sources")])
        elif place.is_file():
            yield place


def _one_line_sources(file: Path) -> Iterator[str]:
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".sources":
        yield from (line.strip() for line in text.splitlines() if line.startswith("deb "))
        return
    for stanza in text.split("\n\n"):
        lines = (line for line in stanza.splitlines() if not line.startswith("#"))
        pairs = (line.partition(":") for line in lines)
        fields = {key.strip().lower(): value.strip() for key, _, value in pairs}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled") == "no":
            continue
        signed = fields.get("signed-by", "")
        options = f"[signed-by={signed}] " if signed.startswith("/") else ""
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield f"deb {options}{uri} {suite} {fields.get('components', 'main')}"


def _suite_of(line: str) -> str:
    words = line.split("]", 1)[-1].split() if "[" in line else line.split()[1:]
    return words[1].rstrip("/") if len(words) > 1 else ""


def _apt_settings() -> str:
    """Return this machine's proxy, certificate and date settings of apt."""
    lines = run(["apt-config", "dump"]).splitlines()
    return "".join(f"{line}\n" for line in lines if line.startswith(_APT_SETTINGS))
