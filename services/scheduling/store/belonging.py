"""How series belong to flows, for the person on call; a clinic's own deadlines belong to none."""

from chassis.flows import Flows

FLOWS = Flows(
    members="""SELECT referral_id AS flow_id, clinic_id, series_id AS entity_id FROM series
        UNION ALL SELECT NULL, clinic_id, clinic_id FROM clinic""",
    states="""SELECT referral_id AS flow_id, clinic_id, status AS state, update_time AS since
        FROM series""",
)
