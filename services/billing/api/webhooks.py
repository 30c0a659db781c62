"""What a gateway says by itself: verified over the raw bytes, kept once, and then asked about."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

import structlog

from chassis.config import Settings
from chassis.database import Database
from services.billing import gateway, store
from services.billing.api.door import Door
from services.billing.config import BillingSettings

log = structlog.get_logger()


async def listen(db: Database) -> None:
    """For as long as the process lives, where the settings say; nowhere without them."""
    if where := BillingSettings().webhook_listen:
        server = await door(db).open(where, Settings().papers)
        log.info("webhook.ready", address=where)
        await server.serve_forever()
    await asyncio.Event().wait()


def door(db: Database) -> Door:
    """The door to this database."""

    async def heed(body: bytes, headers: Mapping[str, str]) -> HTTPStatus:
        try:
            webhook = gateway.chosen().webhook(body, headers, db.clock())
        except gateway.Forged:
            log.warning("webhook.forged")
            return HTTPStatus.BAD_REQUEST
        async with db.transaction() as tx:
            await store.heed(tx, webhook)
        return HTTPStatus.OK

    return Door(heed)
