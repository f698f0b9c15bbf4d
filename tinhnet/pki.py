# SPDX-License-Identifier: MIT
"""The province's own certificate authority: server certificates, CRL, OCSP index.

Keys live in the secret store (`pki/ca`, `pki/ocsp`, `pki/<server>`); what is
public lives beside it in `pki/` of the state directory.  Everything is issued
on first use and renewed when a third of its life is left, so that a run that
changes nothing also issues nothing.  Profiles follow RFC 5280 and RFC 6960.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fcntl import LOCK_EX, flock
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from tinhnet import register
from tinhnet.certificate import (
    alternatives_of,
    common_name_of,
    key_usage,
    load_key,
    new_key,
    pem_of,
    public_key_of,
    subject_of,
)
from tinhnet.errors import TinhnetError
from tinhnet.secrets import Secret, SecretStore

AUTHORITY_LIFE = timedelta(days=3650)
LIFE = timedelta(days=90)
CRL_LIFE = timedelta(days=7)
BACKDATE = timedelta(hours=1)
"""How far a validity starts in the past, for clients whose clock is behind."""
CA_SECRET = "pki/ca"  # noqa: S105  the name of a secret, not its value
SIGNER = "ocsp"

_Clock = Callable[[], datetime]


class PkiError(TinhnetError):
    """A certificate cannot be issued, read or revoked."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key; `key` is the secret that holds the PEM key."""

    name: str
    certificate_pem: str
    key: Secret
    not_after: datetime
    serial: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """Where clients find revocation: OCSP and CRL by plain HTTP, as RFC 5280 clients expect."""

    ocsp_url: str
    crl_url: str


class Pki:
    """The authority of one installation, kept in a state directory.

    `organisation` stands in the subject of the authority.  `clock` returns an
    aware UTC datetime; tests hand in one that they can turn.  Several
    processes may use the same directory at once.
    """

    def __init__(
        self,
        state: Path,
        secrets: SecretStore,
        distribution: Distribution,
        organisation: str,
        clock: _Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._directory = state / "pki"
        self._secrets = secrets
        self._distribution = distribution
        self._organisation = organisation
        self._clock = clock

    def authority(self) -> str:
        """Return the authority's certificate as PEM, creating the authority on first use."""
        with self._locked():
            return pem_of(self._authority())

    def held_authority(self) -> str:
        """Return the authority's certificate as it is; PkiError when nothing was made yet."""
        return self._shown("ca", "this installation has no certificate authority yet")

    def held(self, name: str) -> str:
        """Return a certificate as PEM as it was last issued; PkiError when it never was.

        Nothing is made and nothing renewed, whatever is left of its life.
        """
        return self._shown(name, f"no certificate was issued for {name} yet")

    def server(
        self,
        name: str,
        names: Sequence[str],
        addresses: Sequence[IPv4Address | IPv6Address],
    ) -> Issued:
        """Return a server's certificate for the DNS names and addresses, renewing when due.

        It is issued again, with the same key, when a third of its life is
        left, when the names differ or when the authority changed.
        """
        wanted = tuple(x509.DNSName(one) for one in names) + tuple(
            x509.IPAddress(one) for one in addresses
        )
        usages = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
        return self._issued(name, names[0], wanted, usages)

    def signer(self) -> Issued:
        """Return the certificate that signs OCSP answers (RFC 6960, section 4.2.2.2)."""
        usages = (ExtendedKeyUsageOID.OCSP_SIGNING,)
        return self._issued(SIGNER, "OCSP", (), usages)

    def rekey(self, name: str) -> Issued:
        """Issue a certificate with a new key and revoke the old one."""
        held = self._held(name)
        if held is None:
            raise PkiError(f"no certificate was issued for {name}", "run datacentre.yml first")
        extension = alternatives_of(held)
        usages = tuple(held.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        secret = f"pki/{name}"
        self._secrets.stage(secret, new_key)
        self._secrets.promote(secret)
        self.revoke(held.serial_number)
        return self._issued(name, common_name_of(held), extension, usages)

    def revoke(self, serial: int) -> None:
        """Put a certificate on the CRL; PkiError when it was never issued here."""
        with self._locked():
            entries = self._register()
            if serial not in {entry.serial for entry in entries}:
                raise PkiError(f"no certificate with serial {serial:x} was issued here")
            self._write_register(register.revoked(entries, serial, self._clock()))
            self._file("crl").unlink(missing_ok=True)

    def crl(self) -> str:
        """Return the revocation list as PEM; a new one when half its life is over."""
        with self._locked():
            path = self._file("crl")
            if path.exists():
                text = path.read_text(encoding="ascii")
                held = x509.load_pem_x509_crl(text.encode())
                ends = held.next_update_utc
                mine = held.is_signature_valid(public_key_of(self._authority()))
                if mine and ends is not None and ends - self._clock() > CRL_LIFE / 2:
                    return text
            text = self._new_crl()
            self._write(path, text)
            return text

    def index(self) -> str:
        """Return the register in the form `openssl ocsp -index` reads."""
        with self._locked():
            return "".join(map(register.index_line, self._register()))

    def _issued(
        self,
        name: str,
        common_name: str,
        alternatives: tuple[x509.GeneralName, ...],
        usages: tuple[x509.ObjectIdentifier, ...],
    ) -> Issued:
        with self._locked():
            authority = self._authority()
            secret = self._secrets.ensure(f"pki/{name}", new_key)
            key = load_key(secret)
            held = self._held(name)
            if held is None or not self._is_good(held, authority, key, alternatives):
                held = self._issue(common_name, key, alternatives, usages)
                self._write(self._file(name), pem_of(held))
                self._note(held, name)
            return Issued(name, pem_of(held), secret, held.not_valid_after_utc, held.serial_number)

    def _is_good(
        self,
        held: x509.Certificate,
        authority: x509.Certificate,
        key: ec.EllipticCurvePrivateKey,
        alternatives: tuple[x509.GeneralName, ...],
    ) -> bool:
        left = held.not_valid_after_utc - self._clock()
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(public_key_of(authority))
        issued_by = held.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        return (
            left > LIFE / 3
            and issued_by == identifier
            and held.public_key() == key.public_key()
            and alternatives_of(held) == alternatives
            and held.serial_number in {one.serial for one in self._register() if not one.revoked_at}
        )

    def _authority(self) -> x509.Certificate:
        path = self._file("ca")
        key = load_key(self._secrets.ensure(CA_SECRET, new_key))
        if path.exists():
            held = x509.load_pem_x509_certificate(path.read_bytes())
            if (
                held.public_key() == key.public_key()
                and held.not_valid_after_utc - self._clock() > AUTHORITY_LIFE / 3
            ):
                return held
        subject = subject_of(f"{self._organisation} CA", self._organisation)
        now = self._clock()
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BACKDATE)
            .not_valid_after(now + AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(key_usage(signs_certificates=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        self._write(path, pem_of(made))
        return made

    def _issue(
        self,
        common_name: str,
        key: ec.EllipticCurvePrivateKey,
        alternatives: tuple[x509.GeneralName, ...],
        usages: tuple[x509.ObjectIdentifier, ...],
    ) -> x509.Certificate:
        authority = self._authority()
        now = self._clock()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject_of(common_name, self._organisation))
            .issuer_name(authority.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BACKDATE)
            .not_valid_after(now + LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(public_key_of(authority)),
                critical=False,
            )
        )
        if alternatives:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(alternatives), critical=False
            ).add_extension(self._where_revoked(), critical=False)
            builder = builder.add_extension(self._points(), critical=False)
        else:
            builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
        signer = load_key(self._secrets.read(CA_SECRET))
        return builder.sign(signer, hashes.SHA256())

    def _where_revoked(self) -> x509.AuthorityInformationAccess:
        where = x509.UniformResourceIdentifier(self._distribution.ocsp_url)
        return x509.AuthorityInformationAccess(
            [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)]
        )

    def _points(self) -> x509.CRLDistributionPoints:
        where = x509.UniformResourceIdentifier(self._distribution.crl_url)
        return x509.CRLDistributionPoints([x509.DistributionPoint([where], None, None, None)])

    def _new_crl(self) -> str:
        authority = self._authority()
        key = load_key(self._secrets.read(CA_SECRET))
        now = self._clock()
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(authority.subject)
            .last_update(now - BACKDATE)
            .next_update(now + CRL_LIFE)
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()),
                critical=False,
            )
        )
        for entry in self._register():
            if entry.revoked_at is not None:
                builder = builder.add_revoked_certificate(
                    x509.RevokedCertificateBuilder()
                    .serial_number(entry.serial)
                    .revocation_date(entry.revoked_at)
                    .build()
                )
        made = builder.sign(key, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.PEM).decode("ascii")

    def _shown(self, name: str, missing: str) -> str:
        held = self._held(name)
        if held is None:
            raise PkiError(missing, "run datacentre.yml first")
        return pem_of(held)

    def _held(self, name: str) -> x509.Certificate | None:
        path = self._file(name)
        if not path.exists():
            return None
        try:
            return x509.load_pem_x509_certificate(path.read_bytes())
        except ValueError as error:
            raise PkiError(f"{path} is no certificate", "remove it; it is issued again") from error

    def _register(self) -> tuple[register.Entry, ...]:
        path = self._directory / "register.json"
        if not path.exists():
            return ()
        try:
            return register.of_text(path.read_text(encoding="utf-8"))
        except (ValueError, KeyError, TypeError) as error:
            raise PkiError(f"{path} is damaged", "restore it from a backup") from error

    def _note(self, issued: x509.Certificate, name: str) -> None:
        entry = register.Entry(issued.serial_number, name, issued.not_valid_after_utc, None)
        self._write_register((*self._register(), entry))

    def _write_register(self, entries: tuple[register.Entry, ...]) -> None:
        self._write(self._directory / "register.json", register.to_text(entries))

    def _file(self, name: str) -> Path:
        return self._directory / f"{name}.pem"

    def _write(self, path: Path, text: str) -> None:
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        _give_to_owner(draft, self._directory.parent)
        draft.replace(path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._directory.mkdir(parents=True, exist_ok=True)
        _give_to_owner(self._directory, self._directory.parent)
        lock = self._directory / ".lock"
        with lock.open("a", encoding="ascii") as file:
            _give_to_owner(lock, self._directory.parent)
            flock(file, LOCK_EX)
            yield


def _give_to_owner(target: Path, directory: Path) -> None:
    if os.geteuid() == 0:
        owner = directory.stat()
        os.chown(target, owner.st_uid, owner.st_gid)
