# SPDX-License-Identifier: MIT
"""Revocation of the province's certificates: OCSP (RFC 6960, appendix A) and the CRL.

Each OCSP request runs `openssl ocsp` once with the register of issued
certificates: it signs with a key that only this unit holds, and keeps no
state that could go stale.
"""

import base64
import binascii
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

import service

TRUST = Path("/etc/tinhnet/pki")
LONGEST_REQUEST = 4096
TIMEOUT_S = 5
ANSWER_S = 300
MOST_ANSWERS = 1000
ANSWERS = {}
SIGNING = threading.BoundedSemaphore(2)


def respond(request):
    """Return the signed DER answer to a DER request; a fault when it is none.

    The same question (one without a nonce) gets the same answer for a while,
    until a certificate is issued or revoked.
    """
    known = (request, (TRUST / "index.txt").stat().st_mtime_ns)
    held = ANSWERS.get(known)
    if held and held[0] > time.monotonic():
        return held[1]
    with SIGNING:
        answer = sign(request)
    if len(ANSWERS) >= MOST_ANSWERS:
        ANSWERS.clear()
    ANSWERS[known] = (time.monotonic() + ANSWER_S, answer)
    return answer


def sign(request):
    """Let OpenSSL answer a request; two at a time."""
    if not request or len(request) > LONGEST_REQUEST:
        raise service.FaultError(400, "Yêu cầu OCSP không hợp lệ")
    command = ["openssl", "ocsp", "-index", str(TRUST / "index.txt"), "-CA", str(TRUST / "ca.pem")]
    command += ["-rsigner", str(TRUST / "ocsp.pem"), "-rkey", service.credential_path("ocsp")]
    command += ["-reqin", "/dev/stdin", "-respout", "/dev/stdout", "-ndays", "1", "-rmd", "sha256"]
    try:
        done = subprocess.run(
            command, input=request, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise service.UnavailableError(f"openssl gave no answer in {TIMEOUT_S} s") from error
    if done.returncode or not done.stdout.startswith(b"\x30"):
        service.report(f"pki: openssl: {done.stderr.decode(errors='replace')[:300]}")
        raise service.FaultError(400, "Yêu cầu OCSP không hợp lệ")
    return done.stdout


def healthy():
    """Sign an answer about the signer's own certificate, with a nonce, and look at the CRL."""
    try:
        sign(question())
        crl = (TRUST / "crl.pem").read_text(encoding="ascii")
    except (subprocess.SubprocessError, service.FaultError, UnicodeDecodeError) as error:
        raise service.UnavailableError(f"openssl: {error}") from error
    if not crl.startswith("-----BEGIN X509 CRL"):
        raise service.UnavailableError("crl.pem is no CRL")


def question():
    """Return a DER request about the signer's own certificate, with a nonce."""
    command = [
        "openssl",
        "ocsp",
        "-issuer",
        str(TRUST / "ca.pem"),
        "-cert",
        str(TRUST / "ocsp.pem"),
    ]
    command += ["-reqout", "/dev/stdout"]
    return subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=True).stdout


def main():
    """Serve OCSP and the CRL."""
    pki = service.Service("pki", depends=healthy)

    def home(_request):
        names = ("crl.pem", "crl.der", "ca.pem")
        links = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in names)
        return service.Response(service.page(pki.settings["title"], f"<ul>{links}</ul>"))

    def posted(request):
        return service.Response(respond(request.body), kind="application/ocsp-response")

    def got(request):
        try:
            text = urllib.parse.unquote(request.groups["text"])
            asked = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise service.FaultError(400, "Yêu cầu OCSP không hợp lệ") from error
        return service.Response(respond(asked), kind="application/ocsp-response")

    def file(name, kind):
        return lambda _request: service.Response((TRUST / name).read_bytes(), kind=kind)

    def crl(_request):
        text = (TRUST / "crl.pem").read_text(encoding="ascii")
        body = "".join(text.strip().splitlines()[1:-1])
        return service.Response(base64.b64decode(body), kind="application/pkix-crl")

    pki.route("GET", "/", home)
    pki.route("POST", "/ocsp/?", posted)
    pki.route("GET", "/ocsp/(?P<text>.+)", got)
    pki.route("GET", "/crl.pem", file("crl.pem", "application/x-pem-file"))
    pki.route("GET", "/ca.pem", file("ca.pem", "application/x-pem-file"))
    pki.route("GET", "/crl.der", crl)
    pki.run()


if __name__ == "__main__":
    main()
