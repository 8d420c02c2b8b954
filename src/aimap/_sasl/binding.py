"""Channel binding: what ties a login to the TLS connection below it (:rfc:`5056`).

Of the types that SCRAM can use, Python's :mod:`ssl` gives the certificate, hence
``tls-server-end-point`` (:rfc:`5929#section-4`). ``tls-exporter`` (:rfc:`9266`) needs the
exporter of TLS, which :mod:`ssl` does not have; a stream that has a method
``export_keying_material(label, length, context)``, as pyOpenSSL's connections do, gives
it. ``tls-unique`` is left out: it is not defined for TLS 1.3, and below that it is only
safe with an extension that cannot be seen from here (:rfc:`7627`).
"""

from __future__ import annotations

import hashlib

SERVER_END_POINT = "tls-server-end-point"
EXPORTER = "tls-exporter"
EXPORTER_LABEL = b"EXPORTER-Channel-Binding"
EXPORTER_LENGTH = 32

_SEQUENCE = 0x30
_OID = 0x06

# RFC 5929 section 4.1: MD5 and SHA-1 are replaced by SHA-256.
_HASHES = {
    bytes.fromhex(oid): name
    for oid, name in {
        "2a864886f70d010104": "sha256",  # md5WithRSAEncryption
        "2a864886f70d010105": "sha256",  # sha1WithRSAEncryption
        "2a864886f70d01010b": "sha256",
        "2a864886f70d01010c": "sha384",
        "2a864886f70d01010d": "sha512",
        "2a864886f70d01010e": "sha224",
        "2a8648ce3d0401": "sha256",  # ecdsa-with-SHA1
        "2a8648ce3d040301": "sha224",
        "2a8648ce3d040302": "sha256",
        "2a8648ce3d040303": "sha384",
        "2a8648ce3d040304": "sha512",
        "2a8648ce380403": "sha256",  # dsa-with-SHA1
        "608648016503040301": "sha224",  # dsa-with-SHA224
        "608648016503040302": "sha256",  # dsa-with-SHA256
    }.items()
}
_PSS = bytes.fromhex("2a864886f70d01010a")
_PLAIN_HASHES = {
    bytes.fromhex("2b0e03021a"): "sha256",  # SHA-1
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
    bytes.fromhex("608648016503040204"): "sha224",
}


def server_end_point(certificate: bytes) -> bytes | None:
    """Return ``tls-server-end-point`` for a certificate in DER (:rfc:`5929#section-4.1`).

    ``None`` where it is undefined: the signature has no single hash function (Ed25519),
    or none that is known.
    """
    try:
        name = _signature_hash(certificate)
    except (IndexError, ValueError):
        return None
    return None if name is None else hashlib.new(name, certificate).digest()


def _signature_hash(certificate: bytes) -> str | None:
    # Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
    _, whole, _ = _element(certificate, 0)
    _, _, at = _element(whole, 0)
    tag, algorithm, _ = _element(whole, at)
    if tag != _SEQUENCE:
        return None
    tag, oid, at = _element(algorithm, 0)
    if tag != _OID:
        return None
    if oid != _PSS:
        return _HASHES.get(oid)
    # RSASSA-PSS-params ::= SEQUENCE { [0] hashAlgorithm DEFAULT sha1, ... } (RFC 4055 3.1)
    _, parameters, _ = _element(algorithm, at)
    tag, tagged, _ = _element(parameters, 0) if parameters else (0, b"", 0)
    if tag != 0xA0:
        return "sha256"
    _, inner, _ = _element(tagged, 0)
    return _PLAIN_HASHES.get(_element(inner, 0)[1])


def _element(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Read one element of DER: its tag, its content, and where the next one begins."""
    tag, length = data[at], data[at + 1]
    at += 2
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + length > len(data):
        raise ValueError("an element beyond the end")
    return tag, data[at : at + length], at + length
