"""What a trace store kept, read back by the trace ids of W3C."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import httpx

Document = Mapping[str, Any]
_PAGE = 500


class Store:
    """A trace store that runs as a process of its own; each document is fetched once."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._read: dict[str, Document] = {}

    async def traces(self) -> dict[str, list[Document]]:
        """Every piece of work that it holds now, by trace."""
        async with httpx.AsyncClient(base_url=self._address) as client:
            listed = await client.get("/api/traces", params={"limit": str(_PAGE)})
            rows = listed.raise_for_status().json()["traces"]
            assert len(rows) < _PAGE, "the store holds more than it lists"
            for row in rows:
                if row["id"] not in self._read:
                    found = await client.get(f"/api/traces/{row['id']}")
                    self._read[row["id"]] = found.raise_for_status().json()
        kept: dict[str, list[Document]] = defaultdict(list)
        for document in self._read.values():
            kept[document["attrs"].get("w3c.trace_id", "")].append(document)
        return kept


def services(work: list[Document]) -> set[str]:
    """Who did it."""
    return {document["attrs"]["service.name"] for document in work}


def names(work: list[Document]) -> set[str]:
    """What was done."""
    return {document["name"] for document in work}
