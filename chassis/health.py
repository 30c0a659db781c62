"""`python -m chassis.health`: ends well when the service of this container says that it serves."""

import os
import sys

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub


def serving(address: str, patience: float = 3) -> bool:
    """Ask once; an answer that does not come is a no."""
    with grpc.insecure_channel(address) as channel:
        try:
            reply = HealthStub(channel).Check(HealthCheckRequest(), timeout=patience)
        except grpc.RpcError:
            return False
        return bool(reply.status == HealthCheckResponse.SERVING)


def main() -> None:
    """The port is the one that the service listens on."""
    port = os.environ["HALCYON_LISTEN"].rpartition(":")[2]
    sys.exit(0 if serving(f"127.0.0.1:{port}") else 1)


if __name__ == "__main__":
    main()
