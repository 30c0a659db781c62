"""The controlled-drug record: registrations, containers, a ledger that only grows, counts, incidents."""

from alembic import op

revision = "0010"
down_revision = "0002"

_KEPT = ("registration", "container", "entry", "count", "count_line")
_STATEMENTS = (
    """CREATE TABLE custody_registration (
        dea_number text PRIMARY KEY,
        clinic_id uuid NOT NULL,
        time_zone text NOT NULL,
        open_date date NOT NULL)""",
    """CREATE TABLE custody_container (
        container_id uuid PRIMARY KEY,
        dea_number text NOT NULL REFERENCES custody_registration,
        clinic_id uuid NOT NULL,
        ndc text NOT NULL,
        lot text NOT NULL,
        label text NOT NULL,
        expiry_date date NOT NULL,
        drug text NOT NULL,
        schedule text NOT NULL,
        strength numeric(9, 3) NOT NULL CHECK (strength > 0),
        capacity numeric(12, 3) NOT NULL CHECK (capacity > 0),
        pack text NOT NULL,
        CONSTRAINT custody_container_once UNIQUE (dea_number, ndc, lot, label))""",
    # Each entry continues the one before it: the chain is a foreign key to the number and the
    # balance that it must start from, so no two entries start from the same one, none is missing,
    # and every balance is the sum of all changes before it.
    """CREATE TABLE custody_entry (
        container_id uuid NOT NULL REFERENCES custody_container,
        number integer NOT NULL CHECK (number >= 1),
        entry_id uuid NOT NULL,
        cause_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('opening', 'received', 'administered', 'wasted',
            'transferred', 'destroyed', 'lost')),
        change numeric(12, 3) NOT NULL CHECK (change <> 0),
        balance numeric(12, 3) NOT NULL,
        session_id uuid,
        counterparty text NOT NULL,
        reference text NOT NULL,
        recorder text NOT NULL CHECK (recorder <> ''),
        witness text NOT NULL,
        occur_time timestamptz NOT NULL,
        record_time timestamptz NOT NULL CHECK (record_time >= occur_time),
        reversed_id uuid,
        before_number integer GENERATED ALWAYS AS (nullif(number - 1, 0)) STORED,
        before_balance numeric(12, 3) GENERATED ALWAYS AS
            (CASE WHEN number > 1 THEN balance - change END) STORED,
        reversed_change numeric(12, 3) GENERATED ALWAYS AS
            (CASE WHEN reversed_id IS NOT NULL THEN -change END) STORED,
        PRIMARY KEY (container_id, number),
        CONSTRAINT custody_entry_standing UNIQUE (container_id, number, balance),
        CONSTRAINT custody_entry_sense UNIQUE (container_id, entry_id, kind, change),
        CONSTRAINT custody_entry_id UNIQUE (entry_id),
        CONSTRAINT custody_entry_cause UNIQUE (container_id, cause_id),
        CONSTRAINT custody_reversed_once UNIQUE (reversed_id),
        CONSTRAINT custody_not_negative CHECK (balance >= 0),
        CONSTRAINT custody_starts_empty CHECK (number > 1 OR balance = change),
        CONSTRAINT custody_continues FOREIGN KEY (container_id, before_number, before_balance)
            REFERENCES custody_entry (container_id, number, balance),
        CONSTRAINT custody_reverses FOREIGN KEY (container_id, reversed_id, kind, reversed_change)
            REFERENCES custody_entry (container_id, entry_id, kind, change),
        CONSTRAINT custody_direction CHECK (
            (kind IN ('opening', 'received')) = ((change > 0) = (reversed_id IS NULL))),
        CONSTRAINT custody_witnessed CHECK (kind NOT IN ('wasted', 'destroyed')
            OR reversed_id IS NOT NULL OR (witness <> '' AND witness <> recorder)),
        CONSTRAINT custody_session CHECK (kind <> 'administered' OR session_id IS NOT NULL))""",
    """CREATE INDEX custody_entry_session ON custody_entry (session_id)
        WHERE session_id IS NOT NULL""",
    """CREATE TABLE custody_disposal (
        disposal_id uuid PRIMARY KEY,
        container_id uuid NOT NULL REFERENCES custody_container,
        kind text NOT NULL CHECK (kind IN ('wasted', 'destroyed')),
        amount numeric(12, 3) NOT NULL CHECK (amount > 0),
        recorder text NOT NULL,
        occur_time timestamptz NOT NULL,
        reference text NOT NULL,
        status text NOT NULL CHECK (status IN ('pending', 'witnessed', 'cancelled')),
        witness text NOT NULL CHECK (witness <> recorder),
        session_id uuid,
        CONSTRAINT disposal_witnessed CHECK ((status = 'witnessed') = (witness <> '')))""",
    """CREATE INDEX custody_disposal_pending ON custody_disposal (container_id)
        WHERE status = 'pending'""",
    """CREATE TABLE custody_count (
        count_id uuid PRIMARY KEY,
        dea_number text NOT NULL REFERENCES custody_registration,
        scope text NOT NULL CHECK (scope IN ('spot', 'inventory')),
        moment text NOT NULL CHECK (moment IN ('opening', 'close')),
        counter text NOT NULL,
        count_time timestamptz NOT NULL)""",
    "CREATE INDEX custody_count_newest ON custody_count (dea_number, scope, count_time)",
    """CREATE TABLE custody_count_line (
        count_id uuid NOT NULL REFERENCES custody_count,
        container_id uuid NOT NULL REFERENCES custody_container,
        place integer NOT NULL,
        number integer NOT NULL,
        book numeric(12, 3) NOT NULL,
        counted numeric(12, 3) NOT NULL CHECK (counted >= 0),
        incident_id uuid,
        PRIMARY KEY (count_id, container_id),
        CONSTRAINT count_of_the_book FOREIGN KEY (container_id, number, book)
            REFERENCES custody_entry (container_id, number, balance),
        CONSTRAINT count_difference CHECK ((book = counted) = (incident_id IS NULL)))""",
    "CREATE INDEX custody_count_line_container ON custody_count_line (container_id)",
    """CREATE TABLE custody_incident (
        incident_id uuid PRIMARY KEY,
        container_id uuid NOT NULL REFERENCES custody_container,
        dea_number text NOT NULL,
        clinic_id uuid NOT NULL,
        ndc text NOT NULL,
        book numeric(12, 3) NOT NULL,
        counted numeric(12, 3) NOT NULL CHECK (counted <> book),
        counter text NOT NULL,
        find_time timestamptz NOT NULL,
        due_time timestamptz NOT NULL,
        pack text NOT NULL,
        revision integer NOT NULL CHECK (revision >= 1),
        status text NOT NULL CHECK (status IN ('open', 'overdue', 'resolved')),
        resolution text CHECK (resolution IN ('reconciled', 'loss_reported')),
        resolver text NOT NULL,
        reference text NOT NULL,
        CONSTRAINT incident_resolved
            CHECK ((status = 'resolved') = (resolution IS NOT NULL AND resolver <> '')))""",
    """CREATE UNIQUE INDEX custody_incident_open ON custody_incident (container_id)
        WHERE status <> 'resolved'""",
    """CREATE INDEX custody_incident_newest ON custody_incident
        (dea_number, find_time, incident_id)""",
    *(
        f"""CREATE TRIGGER custody_{name}_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE
        ON custody_{name} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"""
        for name in _KEPT
    ),
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
