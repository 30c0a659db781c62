"""How invoices, payments and refunds belong to flows, for the person on call."""

from chassis.flows import Flows

_STATES = """SELECT referral_id AS flow_id, clinic_id, status AS state, update_time AS since
    FROM invoice"""

FLOWS = Flows(
    members="""SELECT referral_id AS flow_id, clinic_id, invoice_id AS entity_id FROM invoice
        UNION ALL SELECT referral_id, clinic_id, payment_id
            FROM payment JOIN invoice USING (invoice_id)
        UNION ALL SELECT referral_id, clinic_id, payment_id
            FROM instalment JOIN invoice USING (invoice_id)
        UNION ALL SELECT referral_id, refund.clinic_id, part_id
            FROM refund_part JOIN refund USING (refund_id) JOIN invoice USING (invoice_id)""",
    states=_STATES,
    # The index invoice_unpaid begins with the status.
    open=f"{_STATES} WHERE status IN ('issued', 'payment_failed', 'refund_pending')",
)
