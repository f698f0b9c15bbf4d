# SPDX-License-Identifier: MIT
"""Small pieces of X.509: keys, names and extensions as the province's authority uses them."""

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tinhnet.errors import TinhnetError
from tinhnet.secrets import Secret


class CertificateError(TinhnetError):
    """A key or certificate is not of the kind we use."""


def new_key() -> str:
    """Return a new P-256 key as PEM (PKCS #8)."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode("ascii")


def load_key(secret: Secret) -> ec.EllipticCurvePrivateKey:
    """Return the key a secret holds; CertificateError when it is of another kind."""
    key = serialization.load_pem_private_key(secret.value.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CertificateError(f"secret {secret.name} holds no EC key", "expected P-256 as PKCS #8")
    return key


def public_key_of(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    """Return a certificate's key; CertificateError when it is of another kind."""
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise CertificateError("the authority's certificate holds no EC key")
    return key


def pem_of(certificate: x509.Certificate) -> str:
    """Return a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def subject_of(common_name: str, organisation: str) -> x509.Name:
    """Return a subject of this country."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def common_name_of(certificate: x509.Certificate) -> str:
    """Return the common name of a certificate's subject."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value)


def alternatives_of(certificate: x509.Certificate) -> tuple[x509.GeneralName, ...]:
    """Return the names and addresses a certificate holds for; empty when it holds for none."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.value)


def key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """Return what a key may do: sign certificates and lists, or only prove who it is."""
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
