# SPDX-License-Identifier: MIT
"""Where a lab keeps its things: one prefix, one set of names and paths."""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tinhnet.errors import TinhnetError

RUN = Path("/run/tinhnet-lab")
NAMESPACES = Path("/run/netns")
RESOLVERS = Path("/etc/netns")
_PREFIX = re.compile(r"[a-z]{1,6}")


@dataclass(frozen=True, slots=True)
class Layout:
    """The names and paths of the lab with one prefix.

    `state` outlives the lab (keys, certificates) and belongs to the product's
    state; `run` dies with the lab and tells what the lab owns.
    """

    prefix: str
    state: Path
    run: Path

    def namespace(self, name: str) -> str:
        """Return the network namespace of a device, a carrier or the switch."""
        return f"{self.prefix}-{name}"

    def namespace_file(self, name: str) -> Path:
        """Return the file that `ip netns` binds the namespace to."""
        return NAMESPACES / self.namespace(name)

    def disk(self, device: str) -> Path:
        """Return the directory that a device's disk is mounted on."""
        return self.run / "disks" / device

    @property
    def lock(self) -> Path:
        """The file that serialises the verbs of one lab."""
        return self.run.parent / f"{self.prefix}.lock"

    @property
    def log(self) -> Path:
        """The directory of console logs."""
        return self.run / "log"


def make_folder(path: Path) -> None:
    """Make a directory whose empty parents the end of another lab may take away meanwhile."""
    while True:
        with suppress(FileNotFoundError):
            path.mkdir(parents=True, exist_ok=True)
            return


def layout_of(prefix: str, state: Path, run: Path = RUN) -> Layout:
    """Return the layout of a prefix; TinhnetError when the prefix is not one.

    Namespace names and the interface names built from them must stay short
    and unambiguous, hence one to six lower-case letters.
    """
    if not _PREFIX.fullmatch(prefix):
        message = f'lab prefix "{prefix}": expected one to six letters a-z'
        raise TinhnetError(message, "for example --prefix tn")
    return Layout(prefix=prefix, state=state / "lab" / prefix, run=run / prefix)
