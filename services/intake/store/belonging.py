"""How intakes belong to flows, for the person on call."""

from chassis.flows import Flows

FLOWS = Flows(
    members="SELECT referral_id AS flow_id, clinic_id, intake_id AS entity_id FROM intake",
    states="""SELECT referral_id AS flow_id, clinic_id, status AS state, update_time AS since
        FROM intake""",
)
