"""Visits in parts, nurses with a ratio, monitors, chairs, therapists, prescribers, closures."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CHANGES = (
    "ALTER TABLE clinic ADD COLUMN holidays date[] NOT NULL DEFAULT '{}'",
    "ALTER TABLE resource DROP CONSTRAINT resource_kind_check",
    """ALTER TABLE resource
        ADD CONSTRAINT resource_kind CHECK (kind IN (
            'room', 'pump', 'nurse', 'monitor', 'chair', 'therapist', 'prescriber')),
        ADD COLUMN patients smallint NOT NULL DEFAULT 1 CHECK (patients BETWEEN 1 AND 6),
        ADD COLUMN skills text[] NOT NULL DEFAULT '{}',
        ADD COLUMN shifts integer[] NOT NULL DEFAULT '{}'""",
    """CREATE TABLE closure (
        closure_id uuid PRIMARY KEY, clinic_id uuid NOT NULL REFERENCES clinic, resource_id uuid,
        start_time timestamptz NOT NULL, end_time timestamptz NOT NULL, reason text NOT NULL,
        CHECK (start_time < end_time))""",
    "CREATE INDEX closure_of_clinic ON closure (clinic_id, end_time)",
    "ALTER TABLE series ADD COLUMN shape smallint[]",
    """UPDATE series SET shape = ARRAY[0, infusion_minutes, recovery_minutes,
        GREATEST(room_minutes - infusion_minutes - recovery_minutes, 0)]""",
    "ALTER TABLE series ALTER COLUMN shape SET NOT NULL, DROP COLUMN room_minutes",
    """ALTER TABLE booking
        DROP CONSTRAINT room_once, DROP CONSTRAINT pump_once, DROP CONSTRAINT nurse_once,
        DROP COLUMN during,
        ADD COLUMN infuse_time timestamptz, ADD COLUMN infuse_end_time timestamptz,
        ADD COLUMN room_end_time timestamptz, ADD COLUMN nurse_place smallint NOT NULL DEFAULT 0,
        ADD COLUMN monitor_id uuid, ADD COLUMN chair_id uuid, ADD COLUMN therapist_id uuid,
        ADD COLUMN arrive_time timestamptz""",
    """UPDATE booking SET infuse_time = start_time, infuse_end_time = end_time,
        room_end_time = end_time""",
    # Each resource is taken only for its part of a visit. A nurse with a ratio of three has the
    # places 0, 1 and 2: each is taken once, and no place beyond the ratio exists.
    """ALTER TABLE booking
        ALTER COLUMN infuse_time SET NOT NULL, ALTER COLUMN infuse_end_time SET NOT NULL,
        ALTER COLUMN room_end_time SET NOT NULL,
        ADD CHECK (start_time <= infuse_time AND infuse_time < infuse_end_time
            AND infuse_end_time <= room_end_time AND room_end_time <= end_time),
        ADD CHECK (nurse_place >= 0),
        ADD CONSTRAINT room_once EXCLUDE USING gist
            (room_id WITH =, tstzrange(start_time, room_end_time) WITH &&)
            WHERE (status = 'taken'),
        ADD CONSTRAINT pump_once EXCLUDE USING gist
            (pump_id WITH =, tstzrange(infuse_time, infuse_end_time) WITH &&)
            WHERE (status = 'taken'),
        ADD CONSTRAINT nurse_place_once EXCLUDE USING gist
            (nurse_id WITH =, tstzrange(start_time, end_time) WITH &&, nurse_place WITH =)
            WHERE (status = 'taken'),
        ADD CONSTRAINT monitor_once EXCLUDE USING gist
            (monitor_id WITH =, tstzrange(start_time, end_time) WITH &&)
            WHERE (status = 'taken' AND monitor_id IS NOT NULL),
        ADD CONSTRAINT chair_once EXCLUDE USING gist
            (chair_id WITH =, tstzrange(infuse_end_time, end_time) WITH &&)
            WHERE (status = 'taken' AND chair_id IS NOT NULL),
        ADD CONSTRAINT therapist_once EXCLUDE USING gist
            (therapist_id WITH =, tstzrange(infuse_time, end_time) WITH &&)
            WHERE (status = 'taken' AND therapist_id IS NOT NULL)""",
    """CREATE FUNCTION nurse_within_ratio() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.nurse_place >= COALESCE(
                (SELECT patients FROM resource WHERE resource_id = NEW.nurse_id), 1) THEN
                RAISE EXCEPTION 'a nurse has no place beyond the ratio'
                    USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'nurse_ratio',
                        TABLE = 'booking';
            END IF;
            RETURN NULL;
        END $$""",
    # Only second and further places are looked up, so a nurse for one patient costs nothing.
    """CREATE TRIGGER nurse_ratio_of_new AFTER INSERT ON booking FOR EACH ROW
        WHEN (NEW.status = 'taken' AND NEW.nurse_place > 0)
        EXECUTE FUNCTION nurse_within_ratio()""",
    """CREATE TRIGGER nurse_ratio_of_moved AFTER UPDATE ON booking FOR EACH ROW
        WHEN (NEW.status = 'taken' AND NEW.nurse_place > 0
            AND (OLD.status, OLD.nurse_id, OLD.nurse_place, OLD.start_time)
                IS DISTINCT FROM (NEW.status, NEW.nurse_id, NEW.nurse_place, NEW.start_time))
        EXECUTE FUNCTION nurse_within_ratio()""",
    # A patient's sessions at other times count against the limits per 7, 30 and 90 days.
    "CREATE INDEX series_of_patient ON series (patient_id)",
    # What staff or the referrer said about a referral before its plan came.
    "ALTER TABLE cancelled RENAME TO referral",
    """ALTER TABLE referral ALTER COLUMN cancel_time DROP NOT NULL,
        ADD COLUMN preferences jsonb""",
    # Another layout of the agenda: every desk builds it anew at its next use.
    "UPDATE desk SET layout = NULL, patterns = '{}', reached = '{}'",
)


def upgrade() -> None:
    for statement in _CHANGES:
        op.execute(statement)
