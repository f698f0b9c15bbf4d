# SPDX-License-Identifier: MIT
"""Run the machine's own tools and turn their failures into errors."""

import shutil
import subprocess
from collections.abc import Iterable, Sequence

from tinhnet.errors import TinhnetError

TOOLS = {
    "ip": "iproute2",
    "tc": "iproute2",
    "bridge": "iproute2",
    "nft": "nftables",
    "openssl": "openssl",
    "ssh-keygen": "openssh-client",
}
_TAIL = 600


def run(argv: Sequence[str], text: str = "", timeout_s: float = 120.0) -> str:
    """Run a program and return its output; TinhnetError carries its complaint."""
    try:
        done = subprocess.run(
            list(argv), input=text, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except FileNotFoundError as error:
        package = TOOLS.get(argv[0], argv[0])
        raise TinhnetError(f"{argv[0]} is not installed", f"apt install {package}") from error
    except subprocess.TimeoutExpired as error:
        raise TinhnetError(f"{' '.join(argv)}: no end after {timeout_s:.0f} s") from error
    if done.returncode != 0:
        complaint = (done.stderr or done.stdout).strip()[-_TAIL:]
        raise TinhnetError(f"{' '.join(argv)}: exit {done.returncode}: {complaint}")
    return done.stdout


def ip_batch(lines: Iterable[str], namespace: str | None = None, *, force: bool = False) -> None:
    """Give many commands to one `ip`; `force` goes on after a failure and forgives it."""
    text = "".join(f"{line}\n" for line in lines)
    if not text:
        return
    argv = ["ip"]
    if namespace is not None:
        argv += ["-n", namespace]
    if force:
        argv.append("-force")
    try:
        run([*argv, "-batch", "-"], text)
    except TinhnetError:
        if not force:
            raise


def missing_tools() -> tuple[str, ...]:
    """Return the tools the lab needs and this machine lacks."""
    return tuple(tool for tool in TOOLS if shutil.which(tool) is None)
