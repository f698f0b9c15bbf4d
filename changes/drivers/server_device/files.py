# SPDX-License-Identifier: MIT
"""Files of the server: compared, written beside their place, put in place, put back."""

import grp
import os
import pwd
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .run import RefusedError
from .state import Directory, File


@dataclass(frozen=True, slots=True)
class Kept:
    """What restores a path: a symbolic link's target, or octets with owner and mode."""

    link: str | None
    octets: bytes
    owner: tuple[int, int]
    mode: int


def owner_ids(item: File | Directory) -> tuple[int, int] | None:
    """Return uid and gid, None where the account does not exist yet."""
    try:
        return pwd.getpwnam(item.owner).pw_uid, grp.getgrnam(item.group).gr_gid
    except KeyError:
        return None


def difference(item: File) -> str | None:
    """Return what differs, "content" or "mode"; None when nothing does."""
    path = Path(item.path)
    if path.is_symlink() or not path.is_file() or path.read_bytes() != item.text.encode():
        return "content"
    status = path.stat()
    same = (status.st_uid, status.st_gid) == owner_ids(item) and _mode(status) == item.mode
    return None if same else "mode"


def directory_differs(item: Directory) -> bool:
    """Tell whether a directory is missing or has another owner or mode."""
    path = Path(item.path)
    if not path.is_dir():
        return True
    status = path.stat()
    return (status.st_uid, status.st_gid) != owner_ids(item) or _mode(status) != item.mode


def make_directory(item: Directory) -> None:
    """Create a directory or correct its owner and mode."""
    path = Path(item.path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, *_known_ids(item))
        path.chmod(item.mode)
    except OSError as error:
        raise RefusedError("write", f"{path}: {error.strerror}") from error


def write_beside(items: Sequence[File]) -> None:
    """Write every new file next to its place: all of them, or none."""
    try:
        for item in items:
            path = Path(item.path)
            path.parent.mkdir(parents=True, exist_ok=True)
            ids = _known_ids(item)
            descriptor = os.open(_beside(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(item.text.encode())
                file.flush()
                os.fsync(descriptor)
                os.fchown(descriptor, *ids)
                os.fchmod(descriptor, item.mode)
    except OSError as error:
        discard_drafts(items)
        message = f"{error.filename or item.path}: {error.strerror}; nothing was changed"
        raise RefusedError("write", message) from error


def discard_drafts(items: Iterable[File]) -> None:
    """Remove what `write_beside` wrote."""
    for item in items:
        _beside(Path(item.path)).unlink(missing_ok=True)


def place(item: File, path: Path) -> None:
    """Write a file somewhere else than its place, for a rehearsal."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(item.text.encode())
    ids = owner_ids(item)
    if ids is not None:
        os.chown(path, *ids)
    path.chmod(item.mode)


def keep(path: Path) -> Kept | None:
    """Return what restores a path, None when it does not exist."""
    if path.is_symlink():
        return Kept(str(path.readlink()), b"", (0, 0), 0)
    if not path.exists():
        return None
    status = path.stat()
    return Kept(None, path.read_bytes(), (status.st_uid, status.st_gid), _mode(status))


def commit(items: Sequence[File], absent: Sequence[str]) -> dict[str, Kept | None]:
    """Put the drafts in place and return what undoes it."""
    kept = {path: keep(Path(path)) for path in (*(item.path for item in items), *absent)}
    try:
        for item in items:
            _beside(Path(item.path)).replace(item.path)
        for path in absent:
            Path(path).unlink(missing_ok=True)
    except OSError as error:
        restore(kept)
        discard_drafts(items)
        message = f"{error.filename}: {error.strerror}"
        raise RefusedError("write", message, rolled_back=True) from error
    return kept


def restore(kept: Mapping[str, Kept | None]) -> None:
    """Bring paths back to what they were."""
    for name, old in kept.items():
        path = Path(name)
        if old is None:
            path.unlink(missing_ok=True)
            continue
        draft = _beside(path)
        draft.unlink(missing_ok=True)
        if old.link is not None:
            draft.symlink_to(old.link)
        else:
            draft.write_bytes(old.octets)
            os.chown(draft, *old.owner)
            draft.chmod(old.mode)
        draft.replace(path)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.tinhnet-new")


def _known_ids(item: File | Directory) -> tuple[int, int]:
    ids = owner_ids(item)
    if ids is None:
        raise RefusedError("write", f"{item.path}: no account {item.owner}:{item.group}")
    return ids


def _mode(status: os.stat_result) -> int:
    return status.st_mode & 0o7777
