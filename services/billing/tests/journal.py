"""Reading the journal of a house, for tests."""

from chassis.testing import House


async def balances(house: House) -> dict[int, int]:
    """Every account that does not stand at zero."""
    found = await house.db.fetch(
        "SELECT account, sum(amount)::bigint FROM journal_entry,"
        " unnest(accounts, amounts) AS posting (account, amount) GROUP BY account"
    )
    return {row[0]: row[1] for row in found if row[1]}
