# SPDX-License-Identifier: MIT
"""Certificates in the lab: the outside world's own authority, and whom the PCs trust."""

from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from lab.disk import File
from lab.layout import Layout
from lab.shell import run
from tinhnet.errors import TinhnetError

_DAYS = "3650"
_BUNDLE = "etc/ssl/certs/ca-certificates.crt"
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_AUTHORITY = (
    "basicConstraints=critical,CA:TRUE",
    "keyUsage=critical,keyCertSign,cRLSign",
)


@dataclass(frozen=True, slots=True)
class Certified:
    """A server's certificate and key, both PEM."""

    certificate: str
    key: str


def outside_authority(layout: Layout) -> Path:
    """Return the certificate of the authority that signs for networks that are not ours.

    Made once per prefix, so that whoever was given it keeps trusting.
    """
    folder = layout.state / "outside"
    authority = folder / "ca.pem"
    if not authority.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        fresh = folder / "ca.new"
        extensions = [word for line in _AUTHORITY for word in ("-addext", line)]
        _request(folder / "ca.key", fresh, "/CN=Outside authority of the lab", extensions)
        fresh.chmod(0o644)
        fresh.replace(authority)
    return authority


def outside_certificate(layout: Layout, name: str, address: IPv4Address) -> Certified:
    """Return the certificate of an outside server, made once per name."""
    authority = outside_authority(layout)
    folder = authority.parent
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    if not certificate.exists():
        fresh = folder / f"{name}.new"
        names = f"subjectAltName=DNS:{name},IP:{address}"
        purpose = ("basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth")
        extensions = [word for line in (names, *purpose) for word in ("-addext", line)]
        signer = ["-CA", str(authority), "-CAkey", str(folder / "ca.key")]
        _request(key, fresh, f"/CN={name}", [*extensions, *signer])
        fresh.chmod(0o644)
        fresh.replace(certificate)
    return Certified(certificate.read_text(encoding="ascii"), key.read_text(encoding="ascii"))


def read_certificates(path: Path) -> str:
    """Return the certificates of a PEM file; TinhnetError when it holds none, or a key."""
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise TinhnetError(f"{path}: {error}", "name a PEM file of certificates") from error
    if "PRIVATE KEY" in text:
        raise TinhnetError(f"{path} holds a private key", "devices trust certificates only")
    if _BEGIN not in text or _END not in text:
        raise TinhnetError(f"{path}: no PEM certificate", "it begins with -----BEGIN CERTIFICATE")
    return text


def trusted_files(base: Path, certificates: str) -> tuple[File, ...]:
    """Return the files that make a Debian root trust these certificates.

    What update-ca-certificates would do, without its 1.5 CPU-seconds a device:
    the bundle that curl reads, and the file by hash that OpenSSL looks up.
    """
    bundle = (base / _BUNDLE).read_text(encoding="utf-8")
    found = [File(_BUNDLE, bundle + certificates)]
    for part in certificates.split(_END)[:-1]:
        pem = part[part.index(_BEGIN) :] + _END + "\n"
        name = run(["openssl", "x509", "-noout", "-subject_hash"], pem).strip()
        found.append(File(f"etc/ssl/certs/{name}.0", pem))
    return tuple(found)


def _request(key: Path, certificate: Path, subject: str, extra: list[str]) -> None:
    """Make a key and a certificate for it, self-signed unless `extra` names a signer."""
    key.touch(mode=0o600)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    run(["openssl", "req", "-x509", *curve, *files, "-days", _DAYS, "-subj", subject, *extra])
