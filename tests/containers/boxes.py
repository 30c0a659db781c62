"""One container of ours: on 127.0.0.1 at the same port after every restart."""

from typing import Any, cast

from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from chassis.ports import free_port

HARDENED: dict[str, Any] = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "restart_policy": {"Name": "on-failure"},
}
"""As deploy/ runs them: nothing to write but /tmp, no capability; what ends badly comes back."""


class Box(DockerContainer):
    """A container that can be crashed, halted and started again."""

    def __init__(self, image: str, name: str, network: Network, port: int) -> None:
        super().__init__(image)
        self.name, self.host_port = name, free_port()
        self.ports = cast(Any, {f"{port}/tcp": ("127.0.0.1", self.host_port)})
        self.with_network(network).with_network_aliases(name)
        self.with_kwargs(**HARDENED)
        self.with_tmpfs_mount("/tmp")

    @property
    def address(self) -> str:
        """Where it is reached from outside."""
        return f"127.0.0.1:{self.host_port}"

    @property
    def state(self) -> dict[str, Any]:
        """What the engine says of it now."""
        wrapped = self.get_wrapped_container()
        wrapped.reload()
        return cast(dict[str, Any], wrapped.attrs["State"])

    def kill(self) -> None:
        """SIGKILL; it stays down until it is started again."""
        self.get_wrapped_container().kill()

    def halt(self, grace: int = 30) -> None:
        """End it calmly."""
        self.get_wrapped_container().stop(timeout=grace)

    def again(self) -> None:
        """Start what was killed or halted, with what it had on disk."""
        self.get_wrapped_container().start()

    def tail(self, lines: int = 30) -> str:
        """The end of what it wrote."""
        written: bytes = self.get_wrapped_container().logs(tail=lines)
        return written.decode(errors="replace")
