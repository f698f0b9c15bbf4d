# SPDX-License-Identifier: MIT
"""Which authority the province's own services are checked against."""

from pathlib import Path

AUTHORITY = Path("pki/ca.pem")


def authority_of(state: Path) -> str:
    """Return the province's authority as PEM, empty before there is one."""
    try:
        return (state / AUTHORITY).read_text(encoding="ascii")
    except OSError:
        return ""
