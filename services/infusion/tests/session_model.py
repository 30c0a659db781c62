"""A second account of one session, kept by other means: what the record must equal.

It knows nothing of the service's code: seconds since the beginning, small sets, and the rules as
the protocol tells them.
"""

from dataclasses import dataclass, field

BEFORE = {"planned", "arrived", "held", "checklist_passed"}
AT_THE_GATE = BEFORE - {"planned"}
RUNNING = {"infusing", "paused"}
AFTER = {"completed", "stopped_early", "recovery"}
CADENCE = {"infusing": 600, "paused": 600, "completed": 900, "stopped_early": 900, "recovery": 900}
GRACE = 300
CATCH_UP = 15
WHOLE_ML = 1000
"""Tenths of a millilitre in the bag; at 150 mL/h they take 40 minutes."""


@dataclass
class Model:
    """What must be so."""

    now: int = 0
    status: str = "planned"
    facts: list[str] = field(default_factory=list)
    arrived: int = 0
    good_form: bool | None = None
    form_time: int = 0
    escort_missing: bool = False
    confirmed: bool = False
    overridden: bool = False
    pressures: dict[int, int] = field(default_factory=dict)
    """By the second of measurement; artefacts are not among them."""
    readings: set[int] = field(default_factory=set)
    intervals: list[list[int | None]] = field(default_factory=list)
    """Start, end, tenths of mL/h."""
    alerts: list[list[object]] = field(default_factory=list)
    """Rule, raised, cleared, seen by a prescriber."""
    ended: int = 0
    delivered: int | None = None
    overdue: int | None = None
    """When somebody looks for a missing pressure."""
    stay_overridden: bool = False
    events: set[str] = field(default_factory=set)
    paused: bool = False
    ordered: int = 35
    blocked_until: int = 0
    """Until when the last suicide-risk screener bars the patient."""

    # --- the gate ---

    def arrive(self) -> bool:
        if self.status in AT_THE_GATE | RUNNING | AFTER:
            return True
        if self.status != "planned":
            return False
        self.status, self.arrived = "arrived", self.now
        self.good_form, self.confirmed, self.overridden = None, False, False
        return True

    def check(self, good: bool, escort: bool) -> bool:
        if self.status not in AT_THE_GATE:
            return False
        self.measure({self.now: 122})
        self.good_form, self.escort_missing, self.form_time = good, not escort, self.now
        self.settle()
        return True

    def confirm(self) -> bool:
        if self.status not in AT_THE_GATE or self.good_form is None:
            return False
        self.confirmed = True
        self.settle()
        return True

    def override_start(self) -> bool:
        if self.status not in AT_THE_GATE:
            return False
        if not self.overridden:
            self.overridden = True
            self.facts.append("GateOverridden")
        self.settle()
        return True

    def settle(self) -> None:
        if self.good_form is not None:
            self.status = "checklist_passed" if self.passes() else "held"

    def passes(self) -> bool:
        if not self.good_form or not self.confirmed or self.now - self.form_time > 3600:
            return False
        if self.paused or self.ordered != 35 or self.now < self.blocked_until:
            return False
        if self.escort_missing and not self.overridden:
            return False
        taken = {t: v for t, v in self.pressures.items() if t >= self.arrived - 1800}
        bad = [t for t, v in taken.items() if not 90 <= v < 160]
        return bool(taken) and (not bad or max(taken) - max(bad) >= 300)

    # --- the pump ---

    def start(self, pressure: int) -> bool:
        if self.status not in AT_THE_GATE:
            return False
        taken = self.pressures | {self.now: pressure}
        kept, self.pressures = self.pressures, taken
        passes = self.passes()
        self.pressures = kept
        if not passes:
            return False
        self.status = "infusing"
        self.facts.append("InfusionStarted")
        self.measure({self.now: pressure})
        self.intervals.append([self.now, None, 1500])
        self.await_reading()
        return True

    def pause(self) -> bool:
        if self.status == "infusing":
            self.status = "paused"
            self.intervals[-1][1] = self.now
        return self.status == "paused"

    def resume(self) -> bool:
        if self.status == "paused":
            for rule, _, cleared, signed in self.alerts:
                stops = str(rule).startswith("event_")
                if stops or (rule == "systolic_very_high" and cleared is None and not signed):
                    return False
            self.status = "infusing"
            self.intervals.append([self.now, None, self.intervals[-1][2]])
        return self.status == "infusing"

    def change_rate(self, rate: int) -> bool:
        if self.status != "infusing":
            return False
        if self.intervals[-1][2] != rate:
            self.intervals[-1][1] = self.now
            self.intervals.append([self.now, None, rate])
        return True

    def end(self, delivered: int) -> bool:
        """All of it completes; less stops early; never more than the rates gave, and 5 %."""
        if self.status not in RUNNING:
            return False
        halted = [[a, self.now if b is None else b, r] for a, b, r in self.intervals]
        pumped = sum(((b or 0) - (a or 0)) * (r or 0) for a, b, r in halted)
        if delivered * 3600 * 100 > pumped * 105:
            return False
        self.intervals = halted
        self.status = "completed" if delivered == WHOLE_ML else "stopped_early"
        self.ended, self.delivered = self.now, delivered
        self.facts.append("InfusionCompleted")
        self.await_reading()
        return True

    # --- readings ---

    def measure(self, pressures: dict[int, int], artefact: bool = False) -> int:
        """How many were new; what is not the newest is history, and raises nothing."""
        new = {t: v for t, v in pressures.items() if t not in self.readings}
        newest = max(self.pressures, default=-1)
        self.readings |= set(new)
        if artefact:
            return len(new)
        self.pressures |= new
        fresh = [t for t in sorted(new) if t > newest]
        for t in fresh:
            self._follow("systolic_high", 165, 160, t, new[t])
            self._follow("systolic_very_high", 180, 165, t, new[t])
        for alert in self.alerts:
            if alert[0] == "vitals_overdue" and alert[2] is None and fresh:
                alert[2] = max(fresh)
        return len(new)

    def _follow(self, rule: str, least: int, calm: int, at: int, value: int) -> None:
        current = next((one for one in self.alerts if one[0] == rule and one[2] is None), None)
        if current is None and value >= least:
            self.alerts.append([rule, at, None, False])
        elif current is not None and value < calm and at > int(str(current[1])):
            current[2] = at

    def may_measure(self) -> bool:
        return self.status in AT_THE_GATE | RUNNING | AFTER

    def await_reading(self) -> None:
        if self.status in CADENCE:
            last = max(self.pressures)
            self.overdue = max(last + CADENCE[self.status] + GRACE, self.now + CATCH_UP)
        else:
            self.overdue = None

    def sweep(self) -> None:
        if self.overdue is None or self.overdue > self.now:
            return
        awaited = max(self.pressures) + CADENCE[self.status] + GRACE
        if awaited > self.now:
            self.overdue = awaited
            return
        self.facts.append("VitalsOverdue")
        if not any(one[0] == "vitals_overdue" and one[2] is None for one in self.alerts):
            self.alerts.append(["vitals_overdue", awaited, None, False])
        self.overdue = self.now + CADENCE[self.status] + GRACE

    def note(self, code: str) -> bool:
        if self.status in ("planned", "cancelled", "no_show"):
            return False
        self.events.add(code)
        grave = code == "chest_pain"
        if grave and not any(one[0] == "event_chest_pain" for one in self.alerts):
            self.alerts.append(["event_chest_pain", self.now, None, False])
        return True

    # --- the way home ---

    def recover(self) -> bool:
        if self.status in ("completed", "stopped_early"):
            self.status = "recovery"
            self.await_reading()
        return self.status == "recovery"

    def override_stay(self) -> bool:
        if self.status not in AFTER:
            return False
        if not self.stay_overridden:
            self.stay_overridden = True
            self.facts.append("DischargeOverridden")
        return True

    def discharge(self) -> bool:
        if self.status == "discharged":
            return True
        if self.status != "recovery":
            return False
        if self.now - self.ended < 3600 and not self.stay_overridden:
            return False
        self.measure({self.now: 122})
        self.status = "discharged"
        self.facts.append("SessionDischarged")
        self.await_reading()
        return True

    def transfer(self) -> bool:
        if self.status == "transferred":
            return True
        if self.status not in AT_THE_GATE | AFTER:
            return False
        self.status = "transferred"
        self.facts.append("SessionTransferred")
        self.await_reading()
        return True

    def miss(self) -> bool:
        if self.status == "planned":
            self.status = "no_show"
            self.facts.append("SessionMissed")
        return self.status == "no_show"

    def cancel(self) -> bool:
        if self.status in BEFORE:
            self.status = "cancelled"
            self.facts.append("SessionCancelled")
        return self.status == "cancelled"

    def release(self) -> None:
        if self.status in BEFORE:
            self.status = "cancelled"

    def book(self) -> None:
        if self.status == "cancelled":
            self.status = "planned"
