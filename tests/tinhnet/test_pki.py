# SPDX-License-Identifier: MIT
"""The province's certificate authority."""

import base64
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.clock import Clock
from tinhnet.pki import LIFE, Distribution, Issued, Pki, PkiError
from tinhnet.revocation import crl_status, ocsp_request, ocsp_status
from tinhnet.secrets import SecretStore

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
NAMES = ("web1.quangnam.test", "portal.quangnam.test")
ADDRESSES = (IPv4Address("10.90.10.11"), IPv6Address("fd4e:9a1c:70b2:b010::11"))
WHERE = Distribution("http://pki.quangnam.test/ocsp", "http://pki.quangnam.test/crl.der")


def authority(state: Path, clock: Clock | None = None) -> Pki:
    """Return the authority of a state directory."""
    state.mkdir(exist_ok=True)
    held = clock or Clock(datetime.now(UTC))
    return Pki(state, SecretStore(state / "secrets"), WHERE, "Tỉnh Quảng Nam", held)


def web1(pki: Pki) -> Issued:
    """Return the certificate of web1."""
    return pki.server("web1", NAMES, ADDRESSES)


def test_a_server_certificate_bears_its_names_and_addresses(tmp_path: Path) -> None:
    """A browser accepts the page by name, a device by address."""
    issued = x509.load_pem_x509_certificate(web1(authority(tmp_path)).certificate_pem.encode())

    found = issued.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert tuple(found.get_values_for_type(x509.DNSName)) == NAMES
    assert tuple(found.get_values_for_type(x509.IPAddress)) == ADDRESSES


def test_openssl_accepts_the_chain(tmp_path: Path) -> None:
    """Another implementation agrees that the certificate is one of this authority."""
    pki = authority(tmp_path)
    (tmp_path / "web1.pem").write_text(web1(pki).certificate_pem)
    (tmp_path / "ca.pem").write_text(pki.authority())

    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname"]
    command += [NAMES[1], "-CAfile", str(tmp_path / "ca.pem"), str(tmp_path / "web1.pem")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_a_second_run_issues_nothing(tmp_path: Path) -> None:
    """A run that changes nothing must not put a new certificate on every server."""
    first = web1(authority(tmp_path)).certificate_pem

    assert web1(authority(tmp_path)).certificate_pem == first


def test_a_certificate_is_renewed_when_a_third_of_its_life_is_left(tmp_path: Path) -> None:
    """Nobody has to remember the date; the key stays, so only the certificate changes."""
    clock = Clock(START)
    pki = authority(tmp_path, clock)
    first = web1(pki)
    clock.now = START + LIFE * 2 / 3 - timedelta(minutes=1)
    still = web1(pki)
    clock.now = START + LIFE * 2 / 3 + timedelta(minutes=1)

    renewed = web1(pki)

    assert still.serial == first.serial
    assert renewed.serial != first.serial
    assert renewed.key.value == first.key.value
    assert renewed.not_after > first.not_after


def test_an_expired_certificate_is_replaced(tmp_path: Path) -> None:
    """A province that was switched off for a year comes back with valid certificates."""
    clock = Clock(START)
    pki = authority(tmp_path, clock)
    web1(pki)
    clock.now = START + timedelta(days=400)

    assert web1(pki).not_after > clock.now


def test_new_names_make_a_new_certificate(tmp_path: Path) -> None:
    """A service that moved to this server is served with its own name."""
    pki = authority(tmp_path)
    first = web1(pki)

    second = pki.server("web1", (*NAMES, "dichvucong.quangnam.test"), ADDRESSES)

    assert second.serial != first.serial


def test_another_authority_makes_new_certificates(tmp_path: Path) -> None:
    """After the authority's key was lost no server keeps a certificate nobody trusts."""
    pki = authority(tmp_path)
    first = web1(pki)
    (tmp_path / "pki" / "ca.pem").unlink()
    next((tmp_path / "secrets").glob("pki%2Fca*")).unlink()

    assert web1(authority(tmp_path)).serial != first.serial


def test_a_key_stays_out_of_the_public_directory(tmp_path: Path) -> None:
    """What lies beside the certificates may be copied to anyone."""
    pki = authority(tmp_path)
    web1(pki)
    pki.signer()
    pki.crl()

    texts = [path.read_text() for path in (tmp_path / "pki").iterdir()]

    assert not any("PRIVATE" in text for text in texts)


def test_a_revoked_certificate_is_on_the_list_and_in_the_register(tmp_path: Path) -> None:
    """A stolen key stops being trusted: OCSP and CRL agree."""
    pki = authority(tmp_path)
    issued = web1(pki)
    good = crl_status(_der(pki.crl()), issued.certificate_pem, pki.authority())

    pki.revoke(issued.serial)

    status = crl_status(_der(pki.crl()), issued.certificate_pem, pki.authority())
    assert (good, status) == ("good", "revoked")
    assert pki.index().startswith("R\t")


def test_a_new_key_revokes_the_old_certificate(tmp_path: Path) -> None:
    """Rotating a server's key leaves exactly one certificate in force."""
    pki = authority(tmp_path)
    first = web1(pki)

    second = pki.rekey("web1")

    assert second.key.value != first.key.value
    assert crl_status(_der(pki.crl()), first.certificate_pem, pki.authority()) == "revoked"
    assert web1(pki).serial == second.serial


def test_revoking_an_unknown_serial_is_an_error(tmp_path: Path) -> None:
    """A typing error must not look like a success."""
    with pytest.raises(PkiError, match="no certificate with serial 7b"):
        authority(tmp_path).revoke(123)


def test_the_list_is_renewed_in_time_and_not_before(tmp_path: Path) -> None:
    """Clients refuse an expired list; one renewed each run would change a server each run."""
    clock = Clock(START)
    pki = authority(tmp_path, clock)
    first = pki.crl()
    clock.now = START + timedelta(days=3)
    same = pki.crl()
    clock.now = START + timedelta(days=4)

    assert same == first
    assert pki.crl() != first


def test_the_signer_may_sign_answers_and_nothing_else(tmp_path: Path) -> None:
    """The responder's key, which stands on a server, cannot issue certificates."""
    signer = x509.load_pem_x509_certificate(authority(tmp_path).signer().certificate_pem.encode())

    usages = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    basic = signer.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert list(usages) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert not basic.ca


@pytest.mark.parametrize(("revoked", "expected"), [(False, "good"), (True, "revoked")])
def test_openssl_answers_with_our_register(tmp_path: Path, *, revoked: bool, expected: str) -> None:
    """The responder on pki1 reads the register as we write it, and we judge its answer."""
    pki = authority(tmp_path)
    issued = web1(pki)
    if revoked:
        pki.revoke(issued.serial)

    answer = respond(tmp_path, pki, ocsp_request(issued.certificate_pem, pki.authority()))

    assert ocsp_status(answer, issued.certificate_pem, pki.authority()) == expected


def test_an_answer_of_another_authority_proves_nothing(tmp_path: Path) -> None:
    """Whoever stands between client and responder cannot call a revoked certificate good."""
    ours, theirs = authority(tmp_path / "ours"), authority(tmp_path / "theirs")
    issued = web1(ours)
    theirs.authority()
    (tmp_path / "theirs" / "pki" / "register.json").write_text(
        (tmp_path / "ours" / "pki" / "register.json").read_text()
    )
    question = ocsp_request(issued.certificate_pem, ours.authority())
    answer = respond(tmp_path, theirs, question, authority_pem=ours.authority())

    status = ocsp_status(answer, issued.certificate_pem, ours.authority())

    assert status == "an answer of an unknown signer"


def test_noise_is_no_answer(tmp_path: Path) -> None:
    """A page instead of an answer is named as such."""
    pki = authority(tmp_path)
    issued = web1(pki)

    assert ocsp_status(b"<html>", issued.certificate_pem, pki.authority()) == "no OCSP answer"
    assert crl_status(b"<html>", issued.certificate_pem, pki.authority()) == "no CRL"


def respond(folder: Path, pki: Pki, question: bytes, *, authority_pem: str | None = None) -> bytes:
    """Answer a question as the responder does."""
    signer = pki.signer()
    texts = {
        "index.txt": pki.index(),
        "ca.pem": authority_pem or pki.authority(),
        "signer.pem": signer.certificate_pem,
        "signer.key": signer.key.value,
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "question").write_bytes(question)
    command = ["openssl", "ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "signer.pem"]
    command += ["-rkey", "signer.key", "-reqin", "question", "-respout", "answer", "-ndays", "1"]
    command += ["-rmd", "sha256"]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return (folder / "answer").read_bytes()


def _der(pem: str) -> bytes:
    return base64.b64decode("".join(pem.strip().splitlines()[1:-1]))
