"""Everything that is kept of a visit, for whoever reads it."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.infusion.domain.alerts import Alert
from services.infusion.domain.checklist import Override
from services.infusion.domain.gate import Evidence
from services.infusion.domain.observing import Observation
from services.infusion.domain.vitals import Vitals


@dataclass(frozen=True, slots=True)
class Record:
    """The parts of a record, in order of time each."""

    evidence: Evidence
    readings: Sequence[Vitals] = ()
    discharge_overrides: Sequence[Override] = ()
    alerts: Sequence[Alert] = ()
    observations: Sequence[Observation] = ()
    discharge: str = ""
    """The assessment of the way home, as it is kept; empty before that."""
