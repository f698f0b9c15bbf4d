# SPDX-License-Identifier: MIT
"""Ask about a certificate's revocation and judge the answer (RFC 6960, RFC 5280)."""

from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID


def ocsp_request(certificate_pem: str, authority_pem: str) -> bytes:
    """Return the DER question about a certificate."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        x509.load_pem_x509_certificate(certificate_pem.encode()),
        x509.load_pem_x509_certificate(authority_pem.encode()),
        hashes.SHA1(),  # noqa: S303 names the certificate (RFC 6960, 4.1.1), protects nothing
    )
    return builder.build().public_bytes(serialization.Encoding.DER)


def ocsp_status(answer: bytes, certificate_pem: str, authority_pem: str) -> str:
    """Return "good", "revoked", "unknown", or in words why the answer proves nothing."""
    try:
        response = ocsp.load_der_ocsp_response(answer)
    except ValueError:
        return "no OCSP answer"
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return response.response_status.name.lower()
    flaw = _flaw(
        response,
        x509.load_pem_x509_certificate(certificate_pem.encode()),
        x509.load_pem_x509_certificate(authority_pem.encode()),
    )
    return flaw or response.certificate_status.name.lower()


def crl_status(answer: bytes, certificate_pem: str, authority_pem: str) -> str:
    """Return "good", "revoked", or in words why the list proves nothing."""
    authority = x509.load_pem_x509_certificate(authority_pem.encode())
    certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    try:
        held = x509.load_der_x509_crl(answer)
    except ValueError:
        return "no CRL"
    key = authority.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not held.is_signature_valid(key):
        return "a CRL with a wrong signature"
    ends = held.next_update_utc
    if ends is None or ends < datetime.now(UTC):
        return "an expired CRL"
    found = held.get_revoked_certificate_by_serial_number(certificate.serial_number)
    return "good" if found is None else "revoked"


def _flaw(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, authority: x509.Certificate
) -> str | None:
    """Return what makes an answer worthless, None when nothing does."""
    if response.serial_number != certificate.serial_number:
        return "an answer about another certificate"
    ends = response.next_update_utc
    if ends is not None and ends < datetime.now(UTC):
        return "an expired answer"
    if not response.certificates or not _is_signer(response.certificates[0], authority):
        return "an answer of an unknown signer"
    key = response.certificates[0].public_key()
    if not _verifies(key, response.signature, response.tbs_response_bytes):
        return "an answer with a wrong signature"
    return None


def _is_signer(signer: x509.Certificate, authority: x509.Certificate) -> bool:
    """Tell whether the authority entitled a certificate to sign answers."""
    try:
        signer.verify_directly_issued_by(authority)
        usages = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    in_time = signer.not_valid_before_utc <= datetime.now(UTC) <= signer.not_valid_after_utc
    return in_time and ExtendedKeyUsageOID.OCSP_SIGNING in usages


def _verifies(key: object, signature: bytes, signed: bytes) -> bool:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
