"""How series belong to flows, for the person on call; a clinic's own deadlines belong to none."""

from chassis.flows import Flows

_STATES = """SELECT referral_id AS flow_id, clinic_id, status AS state, update_time AS since
    FROM series"""

FLOWS = Flows(
    members="""SELECT referral_id AS flow_id, clinic_id, series_id AS entity_id FROM series
        UNION ALL SELECT NULL, clinic_id, clinic_id FROM clinic""",
    states=_STATES,
    # In the words of the index series_open.
    open=f"{_STATES} WHERE status IN ('waitlisted', 'held', 'confirmed')",
)
