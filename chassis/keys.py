"""What a network keeps secret from its databases: the keys that seal, and that sign the audit."""

import sys
from pathlib import Path

from chassis import vault
from chassis.issuer import kept

KEYRING, AUDIT_KEY = "keyring.json", "audit.key"


def prepare(folder: Path) -> None:
    """Both keys, made the first time, then kept: what they sealed needs them for good."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / KEYRING).exists():
        vault.write(vault.fresh(), folder / KEYRING)
    kept(folder / AUDIT_KEY)


def main() -> None:
    """`python -m chassis.keys FOLDER`: keep copies of it where no copy of a database lies."""
    prepare(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
