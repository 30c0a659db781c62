"""How referrals look to the person on call: each of them is a flow."""

from chassis.flows import Flows

FLOWS = Flows(
    members="SELECT referral_id AS flow_id, clinic_id, referral_id AS entity_id FROM referral",
    states="""SELECT referral_id AS flow_id, clinic_id, status AS state, standing_time AS since
        FROM referral""",
)
