"""How intakes belong to flows, for the person on call."""

from chassis.flows import Flows

_STATES = """SELECT referral_id AS flow_id, clinic_id, status AS state, update_time AS since
    FROM intake"""

FLOWS = Flows(
    members="SELECT referral_id AS flow_id, clinic_id, intake_id AS entity_id FROM intake",
    states=_STATES,
    # In the words of the index intake_waiting.
    open=f"{_STATES} WHERE status IN ('open', 'assessed')",
)
