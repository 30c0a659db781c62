"""How invoices, payments and refunds belong to flows, for the person on call."""

from chassis.flows import Flows

FLOWS = Flows(
    members="""SELECT referral_id AS flow_id, clinic_id, invoice_id AS entity_id FROM invoice
        UNION ALL SELECT referral_id, clinic_id, payment_id
            FROM payment JOIN invoice USING (invoice_id)
        UNION ALL SELECT referral_id, clinic_id, payment_id
            FROM instalment JOIN invoice USING (invoice_id)
        UNION ALL SELECT referral_id, refund.clinic_id, part_id
            FROM refund_part JOIN refund USING (refund_id) JOIN invoice USING (invoice_id)""",
    states="""SELECT referral_id AS flow_id, clinic_id, status AS state, update_time AS since
        FROM invoice""",
)
