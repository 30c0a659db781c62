"""The rules of the controlled-drug record, and the ledger under every sequence of moves."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chassis.refusal import Invalid, NotAllowed, Refusal
from services.infusion.domain import custody
from services.infusion.domain.custody import DisposalStatus, Kind
from services.infusion.domain.custody.amount import above_zero, milligrams
from services.infusion.domain.custody.drawing import eleven_digits
from services.infusion.domain.custody.registration import check_number
from services.infusion.tests import custody_examples as ce
from services.infusion.tests import examples as eg

FIFTY = Decimal(50)


def of(amount: str | None, volume: str | None) -> custody.Told:
    return custody.Told(Decimal(amount) if amount else None, Decimal(volume) if volume else None)


@pytest.mark.parametrize(
    ("told", "amount"),
    [
        (("35", None), "35"),
        ((None, "0.70"), "35"),
        (("35", "0.7"), "35"),
        (("0.001", None), "0.001"),
        ((None, "0.00002"), "0.001"),
    ],
)
def test_an_amount_is_exact(told: tuple[str | None, str | None], amount: str) -> None:
    assert str(milligrams(of(*told), FIFTY)) == amount


@pytest.mark.parametrize(
    "told", [("35", "0.71"), (None, None), (None, "0.00001"), ("0.0001", None)]
)
def test_an_amount_that_is_not_exact_is_refused(told: tuple[str | None, str | None]) -> None:
    with pytest.raises(Invalid):
        milligrams(of(*told), FIFTY)


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("0143-9509-10", "00143-9509-10"),
        ("42023-113-10", "42023-0113-10"),
        ("42023-0113-1", "42023-0113-01"),
        ("00143-9509-10", "00143-9509-10"),
    ],
)
def test_a_printed_code_has_one_form_of_eleven_digits(printed: str, kept: str) -> None:
    assert eleven_digits(printed) == kept


def test_nothing_does_not_move() -> None:
    with pytest.raises(Invalid):
        above_zero(custody.Told(Decimal(0), None), FIFTY)


@given(st.integers(0, 10**9), st.sampled_from(list(ce.RULES.drugs.values())))
def test_every_microgram_has_an_exact_volume(micrograms: int, drug: custody.Drug) -> None:
    amount = Decimal(micrograms) / 1000
    assert custody.millilitres(amount, drug.strength) * drug.strength == amount


NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("found", "due"),
    [
        ("2026-11-23T17:00", "2026-11-25T00:00-05:00"),  # Monday: all of Tuesday
        ("2026-11-24T04:59", "2026-11-25T00:00-05:00"),  # still Monday in New York
        ("2026-11-25T15:00", "2026-11-28T00:00-05:00"),  # Thanksgiving follows
        ("2026-11-27T17:00", "2026-12-01T00:00-05:00"),  # Friday: all of Monday
        ("2026-11-29T17:00", "2026-12-01T00:00-05:00"),  # Sunday
        ("2026-03-06T17:00", "2026-03-10T00:00-04:00"),  # over the change to summer time
    ],
)
def test_a_difference_must_be_explained_by_the_end_of_the_next_business_day(
    found: str, due: str
) -> None:
    moment = datetime.fromisoformat(found).replace(tzinfo=UTC)
    expected = datetime.fromisoformat(due)
    assert custody.incident_deadline(ce.RULES, moment, NEW_YORK) == expected


@pytest.mark.parametrize(
    ("last", "following"),
    [("2026-11-23", "2028-11-23"), ("2024-02-29", "2026-02-28"), ("2026-02-28", "2028-02-28")],
)
def test_an_inventory_follows_within_two_years(last: str, following: str) -> None:
    day = date.fromisoformat(last)
    assert custody.next_inventory(ce.RULES, day) == date.fromisoformat(following)


@given(st.integers(0, 999_999), st.integers(0, 9))
def test_one_check_digit_of_ten_is_right(first: int, last: int) -> None:
    digits = [int(one) for one in f"{first:06d}"]
    right = (digits[0] + digits[2] + digits[4] + 2 * (digits[1] + digits[3] + digits[5])) % 10
    number = f"AB{first:06d}{last}"
    if last == right:
        check_number("dea_number", number)
    else:
        with pytest.raises(Invalid):
            check_number("dea_number", number)


def test_the_future_has_not_happened() -> None:
    later = replace(ce.act(), occur_time=ce.NOON + timedelta(seconds=1))
    with pytest.raises(Invalid):
        custody.dispose(ce.vial(), Kind.WASTED, ce.mg(1), later, None)
    with pytest.raises(Invalid):
        use = custody.Use(ce.mg(1), ce.NOON.date(), later)
        custody.administer(ce.vial(), custody.Need(eg.BOSTON, Decimal(35)), use, None)


def test_a_session_of_another_clinic_is_given_nothing() -> None:
    use = custody.Use(ce.mg(1), ce.NOON.date(), ce.act(session_id=uuid4()))
    with pytest.raises(NotAllowed) as refused:
        custody.administer(ce.vial(), custody.Need(eg.CHICAGO, Decimal(35)), use, None)
    assert refused.value.reason == "SESSION_NOT_INFUSED"


class Ledgers(RuleBasedStateMachine):
    """Two registrations; a move is refused and changes nothing, or it is in the ledger whole."""

    def __init__(self) -> None:
        super().__init__()
        self.ledgers: dict[UUID, list[custody.Entry]] = {}
        self.containers: dict[UUID, custody.Container] = {}
        self.pending: list[custody.Disposal] = []
        self.counts: dict[UUID, custody.Recount] = {}
        self.incidents: dict[UUID, custody.Incident] = {}
        self.given: dict[UUID, Decimal] = {}
        self.expected: dict[UUID, Decimal] = {}
        self.supplied = Decimal(0)
        self.gone = Decimal(0)

    def holding(self, key: UUID) -> custody.Holding:
        return custody.Holding(self.containers[key], self.ledgers[key][-1])

    def keep(self, entry: custody.Entry) -> None:
        self.ledgers.setdefault(entry.container_id, []).append(entry)
        before = self.expected.get(entry.container_id, Decimal(0))
        self.expected[entry.container_id] = before + entry.change

    def pick(self, data: st.DataObject) -> custody.Holding:
        return self.holding(data.draw(st.sampled_from(sorted(self.containers))))

    @rule(label=st.sampled_from("ABCD"), place=st.sampled_from([ce.BOSTON, ce.CHICAGO]))
    def receive(self, label: str, place: custody.Registration) -> None:
        told = ce.delivery(label)
        known = {key: False for key in told.ids(place.dea_number) if key in self.containers}
        try:
            ((container, entry),) = custody.receive(place, told, known, ce.RULES)
        except Refusal:
            assert known
            return
        self.containers[container.container_id] = container
        self.keep(entry)
        self.supplied += entry.change

    @precondition(lambda self: self.containers)
    @rule(data=st.data(), micrograms=st.integers(1, 600_000), session=st.integers(0, 3))
    def administer(self, data: st.DataObject, micrograms: int, session: int) -> None:
        holding = self.pick(data)
        session_id = UUID(int=session)
        given = self.given.get(session_id, Decimal(0))
        need = custody.Need(holding.container.clinic_id, Decimal(900), given)
        amount = Decimal(micrograms) / 1000
        use = custody.Use(ce.mg(amount), ce.NOON.date(), ce.act(session_id=session_id))
        try:
            entry = custody.administer(holding, need, use, None)
        except NotAllowed:
            assert amount > min(holding.balance, 900 - given)
            return
        assert custody.administer(self.holding(holding.container.container_id), need, use, entry)
        self.keep(entry)
        self.given[session_id] = given + amount
        self.gone += amount

    @precondition(lambda self: self.containers)
    @rule(
        data=st.data(),
        micrograms=st.integers(1, 600_000) | st.none(),
        kind=st.sampled_from([Kind.WASTED, Kind.DESTROYED]),
    )
    def dispose(self, data: st.DataObject, micrograms: int | None, kind: Kind) -> None:
        holding = self.pick(data)
        told = ce.mg(Decimal(micrograms) / 1000) if micrograms else None
        try:
            self.pending.append(custody.dispose(holding, kind, told, ce.act(), None))
        except NotAllowed:
            assert not holding.balance or Decimal(micrograms or 0) / 1000 > holding.balance

    @precondition(lambda self: self.pending)
    @rule(data=st.data(), by=st.sampled_from(["nina", "noah"]))
    def witness(self, data: st.DataObject, by: str) -> None:
        disposal = data.draw(st.sampled_from(self.pending))
        holding = self.holding(disposal.container_id)
        try:
            seen, entry = custody.witness(disposal, holding, None, (by, ce.NOON))
        except Refusal:
            short = disposal.amount > holding.balance
            assert by == disposal.recorder or short
            return
        assert seen.status is DisposalStatus.WITNESSED
        self.pending.remove(disposal)
        self.keep(entry)
        self.gone += disposal.amount

    @precondition(lambda self: self.containers)
    @rule(data=st.data(), place=st.sampled_from([ce.BOSTON, ce.CHICAGO, None]))
    def transfer(self, data: st.DataObject, place: custody.Registration | None) -> None:
        holding = self.pick(data)
        target = custody.destination(holding.container, place)
        there = None
        if target:
            key = target.container_id
            there = self.holding(key) if key in self.containers else custody.Holding(target)
        about = ce.act(counterparty=place.dea_number if place else ce.SUPPLIER)
        try:
            shipment = custody.transfer(holding, there, about, None)
        except Refusal:
            same = place is not None and place.dea_number == holding.container.dea_number
            assert same or not holding.is_sealed or (there and there.balance)
            return
        self.keep(shipment.left)
        if shipment.there and shipment.there.newest:
            self.containers[shipment.there.container.container_id] = shipment.there.container
            self.keep(shipment.there.newest)
        else:
            self.gone += holding.balance

    @precondition(lambda self: self.containers)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        holding = self.pick(data)
        ledger = self.ledgers[holding.container.container_id]
        entry = data.draw(st.sampled_from(ledger))
        undone = any(one.reversed_id == entry.entry_id for one in ledger)
        shared = entry.act.counterparty in (ce.DEA, ce.OTHER_DEA)
        original = custody.Original(entry, undone, shared)
        try:
            opposite = custody.reverse(holding, original, ce.act(), None)
        except NotAllowed:
            return
        self.keep(opposite)
        if entry.kind is Kind.RECEIVED:
            self.supplied += opposite.change
        else:
            self.gone -= opposite.change
        if entry.kind is Kind.ADMINISTERED and entry.act.session_id:
            self.given[entry.act.session_id] -= opposite.change

    @precondition(lambda self: self.containers)
    @rule(data=st.data(), off=st.integers(-3000, 3000))
    def count(self, data: st.DataObject, off: int) -> None:
        holding = self.pick(data)
        key = holding.container.container_id
        found = max(holding.balance + Decimal(off) / 1000, Decimal(0))
        place = ce.BOSTON if holding.container.dea_number == ce.DEA else ce.CHICAGO
        heading = custody.Count(
            uuid4(), place.dea_number, custody.Scope.SPOT, custody.Moment.CLOSE, "noah", ce.NOON
        )
        stock = custody.Stock({key: holding}, [], self.incidents)
        tally = custody.Tally(heading, ((key, ce.mg(found)),))
        finding = custody.count(place, tally, stock, ce.RULES, None)
        self.counts[key] = custody.Recount(finding.count.lines[0], "noah")
        assert len(finding.opened) == (found != holding.balance and key not in self.incidents)
        for incident in finding.opened:
            self.incidents[key] = incident

    @precondition(lambda self: self.incidents)
    @rule(data=st.data(), resolution=st.sampled_from(custody.Resolution))
    def resolve(self, data: st.DataObject, resolution: custody.Resolution) -> None:
        key = data.draw(st.sampled_from(sorted(self.incidents)))
        holding, recount = self.holding(key), self.counts[key]
        verdict = custody.Verdict(resolution, "paul", "Form 106/1")
        try:
            _, entry, _ = custody.resolve(self.incidents[key], verdict, holding, recount, ce.NOON)
        except NotAllowed:
            return
        del self.incidents[key]
        assert (entry is None) == (resolution is custody.Resolution.RECONCILED)
        if entry:
            self.keep(entry)
            self.gone -= entry.change
            assert entry.balance == recount.line.counted

    @invariant()
    def every_container_balances(self) -> None:
        for key, ledger in self.ledgers.items():
            closing = custody.added(ledger).closing
            assert closing == self.expected[key] == ledger[-1].balance
            assert 0 <= closing <= self.containers[key].capacity
            assert [one.number for one in ledger] == list(range(1, len(ledger) + 1))
            assert len({one.entry_id for one in ledger}) == len(ledger)

    @invariant()
    def nothing_is_lost_between_the_ledgers(self) -> None:
        there = sum((ledger[-1].balance for ledger in self.ledgers.values()), Decimal(0))
        assert there == self.supplied - self.gone

    @invariant()
    def no_session_was_given_more_than_ordered(self) -> None:
        assert all(0 <= amount <= 900 for amount in self.given.values())


TestLedgers: Any = Ledgers.TestCase
TestLedgers.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
