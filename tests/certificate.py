"""Authorities of our own and what they issue, for tests of TLS."""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key, as files."""

    certificate_file: Path
    key_file: Path


@dataclass(frozen=True, slots=True)
class Authority:
    """Issues certificates."""

    folder: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    file: Path

    @classmethod
    def found(cls, folder: Path, name: str) -> Self:
        """Begin one."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _builder(name, _name(name), key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        signed = certificate.sign(key, hashes.SHA256())
        file = folder / f"{name}.pem"
        file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return cls(folder, signed, key, file)

    def issue(
        self, name: str, hosts: Sequence[str] = (), *, expired: bool = False, password: str | None = None
    ) -> Issued:
        """A certificate for a common name, and for hosts."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(name, self.certificate.subject, key, expired=expired)
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([_host(one) for one in hosts]), critical=False)
        signed = builder.sign(self.key, hashes.SHA256())
        stem = f"{self.file.stem}-{name}{'-expired' if expired else ''}{'-locked' if password else ''}"
        files = Issued(self.folder / f"{stem}.pem", self.folder / f"{stem}.key")
        files.certificate_file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password is not None:
            locked = serialization.BestAvailableEncryption(password.encode())
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
        files.key_file.write_bytes(pem)
        return files


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, expired: bool = False
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 2 * _HOUR)
        .not_valid_after(now - _HOUR if expired else now + 24 * _HOUR)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
