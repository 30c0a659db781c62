"""The start checklist, ours and everyone's, and as text to keep."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from google.protobuf.json_format import MessageToJson, Parse

from halcyon.infusion.v1 import gate_calls_pb2 as calls
from halcyon.infusion.v1 import gate_pb2 as gate
from halcyon.infusion.v1 import infusion_pb2 as nouns
from services.infusion import domain
from services.infusion.wire.values import amount, day, maybe_moment, moment, stamp, text

_PREGNANCIES = dict(zip(domain.Pregnancy, gate.Pregnancy.values(), strict=True))
_PREGNANCY = {number: word for word, number in _PREGNANCIES.items()}
RISKS = dict(zip(domain.SuicideRisk, gate.SuicideRisk.values(), strict=True))
RISK = {number: word for word, number in RISKS.items()}


def checklist(told: nouns.StartChecklist, place: str = "checklist") -> domain.Checklist:
    """A checklist as it was told."""
    return domain.Checklist(
        told.identity_checked_twice,
        told.consent_current,
        told.escort_confirmed,
        told.fasting_kept,
        day(f"{place}.consent_expire_date", told.consent_expire_date)
        if told.consent_expire_date
        else None,
        told.escort_name,
        maybe_moment(f"{place}.last_solids_time", told),
        maybe_moment(f"{place}.last_clear_fluids_time", told),
        told.substances_asked,
        tuple(_substance(use, f"{place}.substances[{n}]") for n, use in enumerate(told.substances)),
        tuple(told.positive_screens),
        _PREGNANCY[told.pregnancy],
        told.phq9_score if told.HasField("phq9_score") else None,
        told.phq9_item9 if told.HasField("phq9_item9") else None,
        RISK[told.suicide_risk],
        drug(told.drug, f"{place}.drug") if told.HasField("drug") else None,
        setting(told.programme, f"{place}.programme") if told.HasField("programme") else None,
    )


def recorded(request: calls.RecordChecklistRequest) -> tuple[domain.Checklist, datetime | None]:
    """A checklist to record, and when it was made."""
    return checklist(request.checklist), maybe_moment("check_time", request)


def confirmed(
    request: calls.ConfirmDoseRequest,
) -> tuple[tuple[domain.Drug, domain.Setting], datetime | None]:
    """What a second person saw, and when."""
    seen = drug(request.drug, "drug"), setting(request.programme, "programme")
    return seen, maybe_moment("confirm_time", request)


def drug(told: gate.DrugLot, place: str) -> domain.Drug:
    """A container."""
    return domain.Drug(told.ndc, told.lot, day(f"{place}.expire_date", told.expire_date))


def setting(told: gate.PumpProgramme, place: str) -> domain.Setting:
    """A pump's programme."""
    names = "dose_mg", "concentration_mg_per_ml", "volume_ml", "rate_ml_per_h"
    dose, concentration, volume, rate = (
        amount(f"{place}.{name}", getattr(told, name), above=0) for name in names
    )
    return domain.Setting(dose, concentration, volume, told.minutes, rate)


def told(known: domain.Checklist) -> nouns.StartChecklist:
    """A checklist in everyone's words."""
    reply = nouns.StartChecklist(
        identity_checked_twice=known.identity_checked_twice,
        consent_current=known.consent_current,
        escort_confirmed=known.escort_confirmed,
        fasting_kept=known.fasting_kept,
        escort_name=known.escort_name,
        substances_asked=known.substances_asked,
        substances=[
            gate.SubstanceUse(code=use.code, last_use_time=stamp(use.last_use_time))
            for use in known.substances
        ],
        positive_screens=known.positive_screens,
        pregnancy=_PREGNANCIES[known.pregnancy],
        phq9_score=known.phq9_score,
        phq9_item9=known.phq9_item9,
        suicide_risk=RISKS[known.suicide_risk],
    )
    if known.consent_expire_date:
        reply.consent_expire_date = known.consent_expire_date.isoformat()
    for name in ("last_solids_time", "last_clear_fluids_time"):
        if last := getattr(known, name):
            getattr(reply, name).CopyFrom(stamp(last))
    _tell_dose(reply, known.dose_part)
    return reply


def checklist_text(known: domain.Checklist) -> str:
    """A checklist as it is kept: everyone's words, which stay readable as they grow."""
    return MessageToJson(told(known), indent=None)


def checklist_read(kept: str) -> domain.Checklist:
    """A checklist that was kept."""
    return checklist(Parse(kept, nouns.StartChecklist()))


def dose_text(part: tuple[domain.Drug | None, domain.Setting | None]) -> str:
    """What a second person confirmed, as it is kept."""
    return checklist_text(domain.Checklist(drug=part[0], setting=part[1]))


def findings(found: Mapping[str, str]) -> Sequence[gate.Finding]:
    """What fails, line by line."""
    return [gate.Finding(item=item, rule=rule) for item, rule in found.items()]


def _tell_dose(
    reply: nouns.StartChecklist, part: tuple[domain.Drug | None, domain.Setting | None]
) -> None:
    container, programmed = part
    if container:
        about = container.ndc, container.lot, container.expire_date.isoformat()
        reply.drug.ndc, reply.drug.lot, reply.drug.expire_date = about
    if programmed:
        for name in ("dose_mg", "concentration_mg_per_ml", "volume_ml", "rate_ml_per_h"):
            setattr(reply.programme, name, text(getattr(programmed, name)))
        reply.programme.minutes = programmed.minutes


def _substance(use: gate.SubstanceUse, place: str) -> domain.SubstanceUse:
    return domain.SubstanceUse(use.code, moment(f"{place}.last_use_time", use.last_use_time))
