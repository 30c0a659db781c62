"""Who is at the other end of a connection: its certificate names it as SPIFFE does."""

from functools import lru_cache
from typing import Any

import grpc
from cryptography import x509

from chassis.principal import ALL, Principal

DOMAIN = "halcyon"
_PREFIX = f"spiffe://{DOMAIN}/"
_SERVICE = frozenset({"service"})


def spiffe(name: str) -> str:
    """The name in a certificate: one word is a service; a door of ours has two, `door/<word>`."""
    return f"{_PREFIX}{name}"


def service(context: "grpc.aio.ServicerContext[Any, Any]") -> Principal | None:
    """The service that calls for itself, for as long as its certificate holds; else None."""
    certificates = list(context.auth_context().get("x509_pem_cert", ()))
    return _named(certificates[0]) if certificates else None


@lru_cache(maxsize=256)
def _named(pem: bytes) -> Principal | None:
    certificate = x509.load_pem_x509_certificate(pem)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1 or not uris[0].startswith(_PREFIX):
        return None
    if not uris[0].removeprefix(_PREFIX).isidentifier():
        return None
    return Principal(uris[0], _SERVICE, ALL, None, certificate.not_valid_after_utc)
