"""Looks at a whole visit: for its end, for the way home, and for whoever reads the record."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chassis.database import Tx
from services.infusion import domain
from services.infusion.store.gates import discharge_text, evidence, overrides
from services.infusion.store.monitoring import alerts
from services.infusion.store.observations import observations
from services.infusion.store.readings import extremes, readings


async def course(tx: Tx, visit: domain.Visit) -> tuple[domain.Extremes, Sequence[str]]:
    """The worst readings since the baseline, and the adverse events noted so far."""
    since = visit.infusion.baseline.measure_time if visit.infusion else tx.now
    session_id = visit.session.session_id
    noted = domain.adverse_events(await observations(tx, session_id))
    return await extremes(tx, session_id, since), noted


async def stay(tx: Tx, visit: domain.Visit) -> domain.Stay:
    """What the discharge gate looks at besides the patient."""
    worst, noted = await course(tx, visit)
    seen = await evidence(tx, visit)
    risk = seen.form.checklist.suicide_risk if seen.form else domain.SuicideRisk.NOT_SCREENED
    told = visit.infusion.ending.adverse_events if visit.infusion and visit.infusion.ending else ()
    answered = await overrides(tx, visit, "discharge") if visit.attendance else ()
    return domain.Stay(answered, risk, worst, tuple(dict.fromkeys((*told, *noted))))


async def readings_of(tx: Tx, visit: domain.Visit) -> Sequence[domain.Vitals]:
    """All readings of a visit; none of a session to which nobody came."""
    if visit.attendance is None:
        return ()
    return await readings(tx, visit.session.session_id, since(visit))


async def whole(tx: Tx, visit: domain.Visit) -> domain.Record:
    """Everything that is kept of a visit."""
    session_id = visit.session.session_id
    if visit.attendance is None:
        return domain.Record(await evidence(tx, visit))
    return domain.Record(
        await evidence(tx, visit),
        await readings_of(tx, visit),
        await overrides(tx, visit, "discharge"),
        await alerts(tx, session_id),
        await observations(tx, session_id),
        await discharge_text(tx, session_id),
    )


def since(visit: domain.Visit) -> datetime:
    """From when on readings may be of this visit."""
    assert visit.attendance
    early = timedelta(minutes=visit.pack.windows.before_start_minutes)
    return visit.attendance.arrive_time - early
