"""Who is the same patient: normalised name and date of birth."""

from hashlib import sha256
from unicodedata import normalize

from services.referral.domain.referral import Person


def match_key(person: Person) -> bytes:
    """Equal for two spellings of one person; a digest, so that no index holds a name."""
    names = (_plain(person.family_name), _plain(person.given_name))
    birth = "{:04}-{:02}-{:02}".format(*person.birth_date)
    return sha256("\n".join((*names, birth)).encode()).digest()


def _plain(name: str) -> str:
    return " ".join(normalize("NFKC", normalize("NFKC", name).casefold()).split())
