"""The seeds of a network's broker, in a folder that only its owner reads."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chassis import accounts, claims
from chassis.claims import Seed


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
