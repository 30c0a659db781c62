"""The seeds of a network's broker, in a folder that only its owner reads."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from chassis import accounts, claims, files
from chassis.claims import Seed
from chassis.permits import Permits, permits_of
from chassis.residents import discovered


@dataclass(frozen=True)
class Keyring:
    """Operator, system account, Halcyon's account: made the first time, then kept."""

    folder: Path

    @property
    def operator(self) -> Seed:
        """Signs accounts; no service ever needs it."""
        return self._kept("operator.seed", claims.operator_seed)

    @property
    def system(self) -> Seed:
        """The account that manages accounts."""
        return self._kept("system.seed", claims.account_seed)

    @property
    def halcyon(self) -> Seed:
        """The account of the services."""
        return self._kept("halcyon.seed", claims.account_seed)

    @property
    def service_credentials(self) -> Path:
        """How a service connects."""
        return self._credentials("services", self.halcyon)

    def credentials_of(self, service: str, permitted: Permits) -> str:
        """How one service connects, where each has what it needs and no more; made anew."""
        user = claims.user_seed()
        jwt = accounts.service_user(self.halcyon, claims.public(user), service, permitted)
        return claims.credentials(jwt, user)

    @property
    def system_credentials(self) -> Path:
        """How whoever manages accounts connects."""
        return self._credentials("system", self.system)

    def configuration(self, resolver: Path) -> str:
        """What a server must know to believe us; accounts of partners are told it later."""
        system, halcyon = claims.public(self.system), claims.public(self.halcyon)
        known = {
            system: accounts.system_account(self.operator, system),
            halcyon: accounts.halcyon_account(self.operator, halcyon),
        }
        preload = "\n".join(f"  {account}: {jwt}" for account, jwt in known.items())
        return (
            f"operator: {accounts.operator(self.operator, system)}\n"
            f"system_account: {system}\n"
            f'resolver {{ type: full, dir: "{resolver}", allow_delete: true }}\n'
            f"resolver_preload {{\n{preload}\n}}\n"
        )

    def deploy(self, services: Iterable[str], out: Path, resolver: Path | None = None) -> None:
        """Credentials for each service, and what a deployment's servers include; no seed with them.

        `resolver` is a folder of each server's.
        """
        for ours in (self.service_credentials, self.system_credentials):
            ours.chmod(0o600)
        out.mkdir(parents=True, exist_ok=True)
        for name in services:
            held = self.credentials_of(name, permits_of(name))
            files.write(out / f"{name}.creds", held.encode())
        if resolver:
            files.write(out / "accounts.conf", self.configuration(resolver).encode(), 0o644)

    def keep(self, name: str, text: str) -> Path:
        """Whole or not at all, and for nobody else's eyes."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, draft = self.folder / name, self.folder / f".{name}"
        draft.touch(mode=0o600)
        draft.write_text(text)
        return draft.replace(path)

    def _credentials(self, name: str, account: Seed) -> Path:
        path = self.folder / f"{name}.creds"
        if path.exists():
            return path
        user = claims.user_seed()
        jwt = accounts.trusted_user(account, claims.public(user), name)
        return self.keep(path.name, claims.credentials(jwt, user))

    def _kept(self, name: str, make: Callable[[], Seed]) -> Seed:
        path = self.folder / name
        if not path.exists():
            self.keep(name, make())
        return Seed(path.read_text())


def main() -> None:
    """`python -m chassis.keyring FOLDER OUT RESOLVER`: seeds stay in FOLDER."""
    folder, out, resolver = map(Path, sys.argv[1:])
    Keyring(folder).deploy(discovered(), out, resolver)


if __name__ == "__main__":
    main()
