"""A certificate authority in a folder, for `halcyon up`, trials and tests.

Production brings certificates of its own (docs/deploy.md); only their names must be as here.
"""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chassis import files, peers
from chassis.papers import Papers
from chassis.residents import discovered

_DECADE, _QUARTER = timedelta(days=3650), timedelta(days=90)
_SKEW = timedelta(minutes=5)
_HERE = ("localhost", "127.0.0.1")
_PURPOSES = x509.ExtendedKeyUsage(
    [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
)


class Authority:
    """Made the first time, then kept; whoever believes it believes every name it signs."""

    def __init__(self, folder: Path, key_mode: int = 0o600) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._key_mode = folder, key_mode
        self.certificate = folder / "ca.pem"
        kept = folder / "ca.key"
        if not kept.exists():
            files.write(kept, _made(), replace=False)
        pem = kept.read_bytes()
        key = load_pem_private_key(pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{kept} holds no EC key.")
        self._key, self._signer = key, x509.load_pem_x509_certificate(pem)
        files.write(self.certificate, self._signer.public_bytes(Encoding.PEM), 0o644)

    def papers(self, name: str, hosts: Iterable[str] = ()) -> Papers:
        """Those there are, while a third of their life is left; else new ones."""
        papers = self._places(name)
        if papers.certificate.exists():
            found = x509.load_pem_x509_certificate(papers.certificate.read_bytes())
            if found.not_valid_after_utc - datetime.now(UTC) > _QUARTER / 3:
                return papers
        return self.issue(name, hosts)

    def issue(self, name: str, hosts: Iterable[str] = (), life: timedelta = _QUARTER) -> Papers:
        """New papers in the place of the old ones; a life below zero is over already."""
        papers, key = self._places(name), ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        since = now - _SKEW + min(life, timedelta())
        names = [name.rpartition("/")[2], *_HERE, *hosts]
        signed = (
            _about(name, key, since, now + life)
            .issuer_name(self._signer.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(_PURPOSES, critical=False)
            .add_extension(_alternatives(peers.spiffe(name), names), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        papers.key.parent.mkdir(parents=True, exist_ok=True)
        files.write(papers.key, _secret(key), self._key_mode)
        files.write(papers.certificate, signed.public_bytes(Encoding.PEM), 0o644)
        return papers

    def _places(self, name: str) -> Papers:
        folder = self._folder / name
        return Papers(folder / "tls.crt", folder / "tls.key", self.certificate)


def _made() -> bytes:
    """A key and what it signs of itself, in one file: never one without the other."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    about = _about("Halcyon development authority", key, now - _SKEW, now + _DECADE)
    certificate = (
        about.issuer_name(_name("Halcyon development authority"))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _secret(key) + certificate.public_bytes(Encoding.PEM)


def _about(
    name: str, key: ec.EllipticCurvePrivateKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternatives(uri: str, hosts: Iterable[str]) -> x509.SubjectAlternativeName:
    """Who it is, and where it may be found."""
    places: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri)]
    for host in hosts:
        try:
            places.append(x509.IPAddress(ip_address(host)))
        except ValueError:
            places.append(x509.DNSName(host))
    return x509.SubjectAlternativeName(places)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _secret(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def main() -> None:
    """`python -m chassis.authority FOLDER NAME...`: papers for them and for every service.

    Those that end within a month are made anew. Servers of other accounts read their keys as
    members of ours.
    """
    authority = Authority(Path(sys.argv[1]), key_mode=0o640)
    for name in (*discovered(), *sys.argv[2:]):
        authority.papers(name)


if __name__ == "__main__":
    main()
