"""The five steps as hand-written SQL: one statement claims, works and states the next fact."""

import os
from dataclasses import dataclass

SPLIT = os.environ.get("FLOOR_STREAMS") == "each"
"""An experiment: a stream for each subject, so that their fsyncs run side by side."""

_OWN = """
create table outbox (
    id uuid primary key, subject text not null, body bytea not null,
    stated timestamptz not null default now(), published boolean not null default false);
create index on outbox (stated) where not published;
create table inbox (event uuid primary key, claimed timestamptz not null default now());
"""

UNPUBLISHED = "select id, body from outbox where not published order by stated limit 500"
MARK = "update outbox set published = true where id = any($1::uuid[])"

_SUBMIT = """
with fact as (select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bytea[])
                as fact(event, flow, next, body)),
     work as (insert into referral (flow, clinic, body)
              select flow, event, body from fact on conflict (flow) do nothing returning flow)
insert into outbox (id, subject, body)
select next, '{states}', body from fact join work using (flow) returning id
"""

_HEAR = """
with fact as (select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bytea[])
                as fact(event, flow, next, body)),
     claimed as (insert into inbox (event) select event from fact
                 on conflict do nothing returning event),
     fresh as (select * from fact join claimed using (event)),
     {work}
insert into outbox (id, subject, body) select next, '{states}', body from fresh returning id
"""


@dataclass(frozen=True)
class Step:
    """One process: what it hears, what it writes, what it states. `rows` are of one flow."""

    name: str
    hears: str
    states: str
    tables: str
    work: str
    rows: dict[str, int]

    @property
    def database(self) -> str:
        return f"floor_{self.name}"

    @property
    def stream(self) -> str:
        return stream_of(self.hears)

    @property
    def schema(self) -> str:
        return _OWN + self.tables

    @property
    def statement(self) -> str:
        return (_HEAR if self.hears else _SUBMIT).format(work=self.work, states=self.states)


def stream_of(subject: str) -> str:
    return f"FLOOR_{subject.partition('.')[2]}" if SPLIT else "FLOOR"


_REFERRAL = """
create table referral (
    flow uuid primary key, clinic uuid not null, status text not null default 'ACCEPTED',
    body bytea not null, received timestamptz not null default now());
"""

_PLAN = """
create table plan (
    id bigint generated always as identity primary key, flow uuid not null,
    protocol text not null, dose_mg int not null, sessions int not null,
    opened timestamptz not null default now());
create index on plan (flow);
"""
_OPEN_PLAN = """
    work as (insert into plan (flow, protocol, dose_mg, sessions)
             select flow, 'induction-3-2-1', 40, 8 from fresh)
"""

_SLOT = """
create table slot (
    id bigint generated always as identity primary key, flow uuid not null,
    number int not null, starts timestamptz not null, status text not null);
create index on slot (flow);
"""
_HOLD_SLOTS = """
    work as (insert into slot (flow, number, starts, status)
             select flow, number, now() + number * interval '3 days', 'HELD'
             from fresh cross join generate_series(1, 8) as number)
"""

_INVOICE = """
create table estimate (
    id bigint generated always as identity primary key, flow uuid not null,
    minor_units bigint not null, currency_code text not null);
create index on estimate (flow);
create table invoice (
    id bigint generated always as identity primary key, flow uuid not null,
    minor_units bigint not null, currency_code text not null, status text not null);
create index on invoice (flow);
"""
_INVOICE_IT = """
    estimated as (insert into estimate (flow, minor_units, currency_code)
                  select flow, 360000, 'USD' from fresh),
    work as (insert into invoice (flow, minor_units, currency_code, status)
             select flow, 360000, 'USD', 'DUE' from fresh)
"""

_PAYMENT = """
create table payment (
    id bigint generated always as identity primary key, flow uuid not null,
    minor_units bigint not null, currency_code text not null,
    recorded timestamptz not null default now());
create index on payment (flow);
"""
_COLLECT = """
    work as (insert into payment (flow, minor_units, currency_code)
             select flow, 360000, 'USD' from fresh)
"""

LAST = "floor.paid"
STEPS = {
    step.name: step
    for step in (
        Step("referral", "", "floor.received", _REFERRAL, "", {"referral": 1}),
        Step("intake", "floor.received", "floor.planned", _PLAN, _OPEN_PLAN, {"plan": 1}),
        Step("scheduling", "floor.planned", "floor.held", _SLOT, _HOLD_SLOTS, {"slot": 8}),
        Step(
            "estimate",
            "floor.held",
            "floor.invoiced",
            _INVOICE,
            _INVOICE_IT,
            {"estimate": 1, "invoice": 1},
        ),
        Step("payment", "floor.invoiced", LAST, _PAYMENT, _COLLECT, {"payment": 1}),
    )
}

SUBJECTS: dict[str, list[str]] = (
    {stream_of(step.states): [step.states] for step in STEPS.values()}
    if SPLIT
    else {"FLOOR": ["floor.*"]}
)
