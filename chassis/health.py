"""`python -m chassis.health`: ends well when the service of this container says that it serves."""

import os
import sys
from pathlib import Path

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from chassis.papers import Papers

_HERE = ("grpc.ssl_target_name_override", "localhost")
"""From this machine; the certificate need not name its address."""


def serving(address: str, patience: float = 3, papers: Papers | None = None) -> bool:
    """Ask once; an answer that does not come is a no."""
    with _channel(address, papers) as channel:
        try:
            reply = HealthStub(channel).Check(HealthCheckRequest(), timeout=patience)
        except grpc.RpcError:
            return False
        return bool(reply.status == HealthCheckResponse.SERVING)


def _channel(address: str, papers: Papers | None) -> grpc.Channel:
    if papers:
        return grpc.secure_channel(address, papers.channel(), [_HERE])
    return grpc.insecure_channel(address)


def main() -> None:
    """The service's own port and papers; asked often, so no more is read than that."""
    port = os.environ["HALCYON_LISTEN"].rpartition(":")[2]
    given = [os.environ.get(f"HALCYON_TLS_{name}") for name in ("CERTIFICATE", "KEY", "AUTHORITY")]
    papers = Papers(*(Path(one) for one in given if one)) if all(given) else None
    sys.exit(0 if serving(f"127.0.0.1:{port}", papers=papers) else 1)


if __name__ == "__main__":
    main()
