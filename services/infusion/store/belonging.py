"""How courses and sessions belong to flows, for the person on call."""

from chassis.flows import Flows

FLOWS = Flows(
    members="""SELECT referral_id AS flow_id, clinic_id, course_id AS entity_id FROM course
        UNION ALL SELECT referral_id, session.clinic_id, session_id
            FROM session JOIN course USING (course_id)
        UNION ALL SELECT NULL, clinic_id, incident_id FROM custody_incident""",
    states="""SELECT referral_id AS flow_id, session.clinic_id, session.status AS state,
            planned_start_time AS since
        FROM session JOIN course USING (course_id)""",
    # In the words of the index session_open; OFFSET 0 looks each course up (docs/adr/0008).
    open="""SELECT referral_id AS flow_id, clinic_id, status AS state, planned_start_time AS since
        FROM session, LATERAL (
            SELECT referral_id FROM course WHERE course_id = session.course_id OFFSET 0) AS course
        WHERE open""",
)
