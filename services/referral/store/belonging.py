"""How referrals look to the person on call: each of them is a flow."""

from chassis.flows import Flows

_STATES = """SELECT referral_id AS flow_id, clinic_id, status AS state, standing_time AS since
    FROM referral"""

FLOWS = Flows(
    members="SELECT referral_id AS flow_id, clinic_id, referral_id AS entity_id FROM referral",
    states=_STATES,
    # In the words of the index referral_open_once.
    open=f"{_STATES} WHERE stage NOT IN ('COMPLETED', 'DECLINED', 'CANCELLED')",
)
