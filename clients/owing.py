"""What staff do about what a patient owes, as calls of the SDK."""

from collections.abc import Sequence
from uuid import uuid4

from clients.sdk import Halcyon
from halcyon.billing.v1 import ledger_service_pb2 as rpc
from halcyon.billing.v1 import refund_service_pb2 as missing
from halcyon.billing.v1.billing_pb2 import Money
from halcyon.billing.v1.ledger_pb2 import BalanceReminder
from halcyon.billing.v1.refund_pb2 import MissedSessionFee


async def charge_missed(
    clerk: Halcyon, request: missing.ChargeMissedSessionRequest
) -> MissedSessionFee:
    """The terms decide the fee, once a session."""
    return (await clerk.refunds.ChargeMissedSession(request)).fee


async def reverse_fee(clerk: Halcyon, session_id: str) -> MissedSessionFee:
    """The fee for a missed session is taken back."""
    request = missing.ReverseMissedSessionFeeRequest(session_id=session_id)
    return (await clerk.refunds.ReverseMissedSessionFee(request)).fee


async def pay_balance(clerk: Halcyon, invoice_id: str, amount: Money) -> Money:
    """A patient has paid what was owed, or a part; what is still owed."""
    request = rpc.RecordBalancePaymentRequest(
        request_id=str(uuid4()), invoice_id=invoice_id, amount=amount
    )
    return (await clerk.ledger.RecordBalancePayment(request)).owed


async def write_off(director: Halcyon, invoice_id: str, amount: Money) -> Money:
    """It is not asked for any more; what is still owed."""
    request = rpc.WriteOffBalanceRequest(
        request_id=str(uuid4()), invoice_id=invoice_id, amount=amount
    )
    return (await director.ledger.WriteOffBalance(request)).owed


async def give_back(director: Halcyon, invoice_id: str, amount: Money) -> Money:
    """What was paid too much goes back by hand; what is still owed, below zero for a credit."""
    request = rpc.ReturnCreditRequest(request_id=str(uuid4()), invoice_id=invoice_id, amount=amount)
    return (await director.ledger.ReturnCredit(request)).owed


async def reminders_of(clerk: Halcyon, clinic_id: str) -> Sequence[BalanceReminder]:
    """The last reminders of a clinic, the newest first."""
    request = rpc.ListBalanceRemindersRequest(clinic_id=clinic_id)
    return (await clerk.ledger.ListBalanceReminders(request)).reminders
