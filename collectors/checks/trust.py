# SPDX-License-Identifier: MIT
"""Which authority a service is checked against."""

from pathlib import Path

AUTHORITY = Path("pki/ca.pem")
PARTNERS = Path("partners")


def authority_of(state: Path, server: str) -> str:
    """Return, as PEM, the authority of whoever runs a server; empty before there is one.

    A partner's stands in `partners/<server>.pem`, where the operator put it;
    everything else is the province's.
    """
    for path in (state / PARTNERS / f"{server}.pem", state / AUTHORITY):
        try:
            return path.read_text(encoding="ascii")
        except OSError:
            continue
    return ""
