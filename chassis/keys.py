"""What a network keeps secret from its databases: the keys that seal, and that sign the audit."""

import sys
from pathlib import Path

from chassis import vault
from chassis.issuer import kept

KEYRING, AUDIT_KEY = "keyring.json", "audit.key"


def prepare(keyring: Path, audit_key: Path) -> None:
    """Both keys, made the first time, then kept: what they sealed needs them for good."""
    if not keyring.exists():
        vault.write(vault.fresh(), keyring)
    kept(audit_key)


def main() -> None:
    """`python -m chassis.keys FOLDER`: keep copies of it where no copy of a database lies."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    prepare(folder / KEYRING, folder / AUDIT_KEY)


if __name__ == "__main__":
    main()
