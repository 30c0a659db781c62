"""Which rows of a table a transaction sees, said to PostgreSQL by each service's migrations.

Every table has a policy, forced on its owner too, or a comment that says why it needs none. What
a transaction sees is one setting (`chassis/sight.py`); where nobody set it, no row is there.
"""

from chassis.sight import EVERYTHING, SETTING

_SEES = f"current_setting('{SETTING}', true)"
_ALL = f"{_SEES} = '{EVERYTHING}'"
_ANY = f"{_SEES} <> ''"
OPEN = "Open to every transaction: "
"""Begins the comment of a table that needs no policy."""


def word(value: str) -> str:
    """The condition that a transaction's words hold this one, a column's value for instance."""
    return f"{value} = ANY (string_to_array({_SEES}, ','))"


_OWN = f"{_ALL} OR {word('clinic_id::text')}"


def of_clinic(table: str, also: str = "") -> list[str]:
    """A row belongs to the clinic that its column names, and opens for what else is told."""
    seen = f"{_OWN}{_or(also)}"
    return [*_forced(table), _policy(table, seen, seen)]


def shared(table: str) -> list[str]:
    """A row belongs to a clinic, or is shown to all when it names none; then only all may write."""
    return [*_forced(table), _policy(table, f"{_OWN}{_or('clinic_id IS NULL')}", _OWN)]


def of_parent(table: str, parent: str, key: str, also: str = "") -> list[str]:
    """A row is seen with its parent, by the parent's own policy.

    Who sees anything may add: parent and child come in one statement, and a foreign key binds them.
    OFFSET 0 has each parent looked up; else PostgreSQL may hash the whole table of parents.
    """
    parents = f"SELECT FROM {parent} AS parent WHERE parent.{key} = {table}.{key}"
    held = f"EXISTS ({parents} OFFSET 0)"
    return [*_forced(table), _policy(table, f"{_ALL} OR {held}{_or(also)}", _ANY)]


def of_process(table: str, also: str = "") -> list[str]:
    """Only the process itself sees a row, and whom else is told."""
    seen = f"{_ALL}{_or(also)}"
    return [*_forced(table), _policy(table, seen, seen)]


def written_by_all(table: str, also: str = "") -> list[str]:
    """A record of what happened: anybody adds, the process reads it, and whom else is told."""
    return [
        *_forced(table),
        f"CREATE POLICY seen ON {table} USING ({_ALL}{_or(also)})",
        f"CREATE POLICY added ON {table} FOR INSERT WITH CHECK ({_ANY})",
    ]


def open_to_all(reasons: dict[str, str]) -> list[str]:
    """Tables without a policy, and why."""
    return [f"COMMENT ON TABLE {table} IS '{OPEN}{why}'" for table, why in reasons.items()]


def _or(also: str) -> str:
    return f" OR {_ANY} AND ({also})" if also else ""


def _policy(table: str, seen: str, kept: str) -> str:
    return f"CREATE POLICY tenancy ON {table} USING ({seen}) WITH CHECK ({kept})"


def _forced(table: str) -> list[str]:
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
    ]
