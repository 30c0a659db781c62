"""What is sealed opens with its key, in its place, as it was; and with nothing else."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import vault
from chassis.refusal import NotFound

CLINIC = UUID(int=7)
VAULT = vault.fresh()


@given(st.binary(max_size=300))
def test_what_is_sealed_is_unreadable_and_opens_as_it_was(content: bytes) -> None:
    sealed = VAULT.seal(CLINIC, "patient/1", content)
    assert VAULT.open("patient/1", sealed) == content
    assert len(content) < 8 or content not in b"".join((sealed.wrapped, sealed.content))


def test_the_same_content_never_looks_the_same() -> None:
    one, other = (VAULT.seal(CLINIC, "patient/1", b"Ada") for _ in range(2))
    assert one.content != other.content
    assert one.wrapped != other.wrapped


SEALED = VAULT.seal(CLINIC, "patient/1", b"Ada Lovelace")


@pytest.mark.parametrize(
    ("about", "sealed", "by"),
    [
        ("patient/2", SEALED, VAULT),
        ("patient/1", SEALED._replace(content=SEALED.content[:-1] + b"x"), VAULT),
        ("patient/1", SEALED._replace(clinic_id=uuid4()), VAULT),
        ("patient/1", SEALED._replace(wrapped=b""), VAULT),
        ("patient/1", SEALED._replace(version=9), VAULT),
        ("patient/1", SEALED, vault.fresh()),
        ("patient/1", SEALED, replace(VAULT, masters={1: bytes(32)})),
    ],
)
def test_another_row_clinic_key_or_byte_opens_nothing(
    about: str, sealed: vault.Sealed, by: vault.Vault
) -> None:
    with pytest.raises(NotFound):
        by.open(about, sealed)


def test_a_rotation_changes_the_wrapping_only_and_old_keys_may_then_go() -> None:
    rotated = vault.rotated(VAULT)
    again = rotated.rewrap(SEALED, CLINIC)
    assert again.version == 2
    assert again.content == SEALED.content
    newest = replace(rotated, masters={2: rotated.masters[2]})
    assert newest.open("patient/1", again) == b"Ada Lovelace"
    with pytest.raises(NotFound):
        newest.open("patient/1", SEALED)
    assert rotated.blind(b"x") == VAULT.blind(b"x")


def test_the_blind_index_needs_its_key() -> None:
    assert VAULT.blind(b"ada") == VAULT.blind(b"ada")
    assert VAULT.blind(b"ada") != vault.fresh().blind(b"ada")


def test_a_keyring_is_private_and_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    vault.write(vault.rotated(VAULT), path)
    assert path.stat().st_mode & 0o077 == 0
    assert vault.read(path).open("patient/1", SEALED) == b"Ada Lovelace"
