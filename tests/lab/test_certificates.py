# SPDX-License-Identifier: MIT
"""The outside authority and what PCs are made to trust."""

import subprocess
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from lab.certificates import outside_authority, outside_certificate, read_certificates
from lab.layout import layout_of
from tinhnet.errors import TinhnetError

NAME = "trucvanban.vpcp.test"


def test_the_outside_certificate_verifies_by_the_outside_authority_alone(tmp_path: Path) -> None:
    """The link to the Government Office is only real if the wrong authority fails."""
    layout = layout_of("tc", tmp_path, tmp_path / "run")
    other = layout_of("td", tmp_path, tmp_path / "run")
    made = outside_certificate(layout, NAME, IPv4Address("198.51.100.10"))
    leaf = tmp_path / "leaf.pem"
    leaf.write_text(made.certificate, encoding="ascii")

    def verifies(authority: Path) -> bool:
        options = ["-x509_strict", "-purpose", "sslserver", "-verify_hostname", NAME]
        command = ["openssl", "verify", *options, "-CAfile", str(authority), str(leaf)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    assert verifies(outside_authority(layout))
    assert not verifies(outside_authority(other))
    assert outside_certificate(layout, NAME, IPv4Address("198.51.100.10")) == made
    key = layout.state / "outside" / f"{NAME}.key"
    assert key.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no PEM certificate"),
        ("hello", "no PEM certificate"),
        ("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n", "private key"),
        ("tin tưởng", "ascii"),
    ],
    ids=["empty", "prose", "key", "not ASCII"],
)
def test_what_is_no_certificate_is_not_trusted(tmp_path: Path, text: str, complaint: str) -> None:
    """A key sent to forty PCs could not be called back."""
    path = tmp_path / "ca.pem"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(TinhnetError, match=complaint):
        read_certificates(path)
