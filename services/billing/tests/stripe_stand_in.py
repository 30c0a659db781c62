"""A little of Stripe in a process of its own: intents, refunds, idempotency keys, webhooks.

The last two digits of an amount say what a confirmation does, as in our simulator: 02 and 04 are
declined, 05 is charged and the line is cut, 06 wants 3-D Secure. Written for tests from Stripe's
documentation; it listens on 127.0.0.1 and prints its port.
"""

import json
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from stripe import WebhookSignature

KEY, WEBHOOK_SECRET = "sk_test_stand_in", "whsec_stand_in"
_DECLINED = {2: "generic_decline", 4: "insufficient_funds"}

Reply = tuple[int, dict[str, Any]]


class Account:
    """Everything one merchant has at Stripe."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.numbers = count(1)
        self.intents: dict[str, dict[str, Any]] = {}
        self.customers: dict[str, dict[str, Any]] = {}
        self.attached: dict[str, str] = {}
        self.refunds: list[dict[str, Any]] = []
        self.captures: list[str] = []
        self.disputes: dict[str, dict[str, Any]] = {}
        self.remembered: dict[str, tuple[str, Reply]] = {}

    def once(self, key: str, asked: str, path: str, form: dict[str, str]) -> tuple[Reply, bool]:
        """The stored answer of a key, whatever it was; other parameters are an error."""
        with self.lock:
            if key and key in self.remembered:
                before, reply = self.remembered[key]
                if before != asked:
                    return error(400, "idempotency_error", "idempotency_key_in_use"), False
                return reply, False
            reply = self.post(path, form)
            if key:
                self.remembered[key] = asked, json.loads(json.dumps(reply))
            return reply, True

    def post(self, path: str, form: dict[str, str]) -> Reply:
        match path.strip("/").split("/")[1:]:
            case ["payment_intents"]:
                return self.create(form)
            case ["payment_intents", name, "confirm"]:
                return self.confirm(self.intents[name], form)
            case ["payment_intents", name, "cancel"]:
                return self.cancel(self.intents[name])
            case ["customers"]:
                return self.customer()
            case ["setup_intents"]:
                return self.set_up(form)
            case ["payment_methods", name, "detach"]:
                return self.detach(name)
            case ["refunds"]:
                return self.refund(form)
        return error(404, "invalid_request_error", "unknown_url")

    def create(self, form: dict[str, str]) -> Reply:
        name = f"pi_{next(self.numbers)}"
        assert not {"description", "receipt_email", "statement_descriptor"} & form.keys()
        self.intents[name] = {
            "id": name,
            "object": "payment_intent",
            "amount": int(form["amount"]),
            "currency": form["currency"],
            "status": "requires_payment_method",
            "client_secret": f"{name}_secret_x",
            "last_payment_error": None,
            "metadata": {"payment_id": form["metadata[payment_id]"]},
            "customer": form.get("customer"),
        }
        return 200, self.intents[name]

    def customer(self) -> Reply:
        name = f"cus_{next(self.numbers)}"
        self.customers[name] = {"id": name, "object": "customer"}
        return 200, self.customers[name]

    def set_up(self, form: dict[str, str]) -> Reply:
        assert form["usage"] == "off_session"
        method, customer = form["payment_method"], form["customer"]
        if customer not in self.customers:
            return error(400, "invalid_request_error", "resource_missing")
        if method.endswith("_declined"):
            return error(402, "card_error", "card_declined", "generic_decline")
        self.attached[method] = customer
        name = f"seti_{next(self.numbers)}"
        return 200, {"id": name, "object": "setup_intent", "status": "succeeded"}

    def detach(self, method: str) -> Reply:
        if self.attached.pop(method, None) is None:
            return error(400, "invalid_request_error", "resource_missing")
        return 200, {"id": method, "object": "payment_method", "customer": None}

    def confirm(self, intent: dict[str, Any], form: dict[str, str] | None = None) -> Reply:
        off_session = (form or {}).get("off_session") in {"true", "True"}
        if customer := intent.get("customer"):
            if form is None or self.attached.get(form["payment_method"]) != customer:
                return error(402, "card_error", "payment_method_unactivated", "card_removed")
            if off_session and intent["amount"] % 100 == 6:
                return error(402, "card_error", "authentication_required")
        if intent["status"] not in {"requires_payment_method", "requires_action"}:
            return error(400, "invalid_request_error", "payment_intent_unexpected_state")
        cents = intent["amount"] % 100
        if cents in _DECLINED:
            reply = error(402, "card_error", "card_declined", _DECLINED[cents])
            intent["last_payment_error"] = reply[1]["error"]
            return reply
        if cents == 6 and intent["status"] == "requires_payment_method":
            intent["status"] = "requires_action"
            return 200, intent
        intent["status"] = "succeeded"
        self.captures.append(intent["id"])
        return 200, intent

    def cancel(self, intent: dict[str, Any]) -> Reply:
        if intent["status"] in {"succeeded", "canceled"}:
            return error(400, "invalid_request_error", "payment_intent_unexpected_state")
        intent["status"] = "canceled"
        return 200, intent

    def refund(self, form: dict[str, str]) -> Reply:
        intent, amount = self.intents[form["payment_intent"]], int(form["amount"])
        back = sum(one["amount"] for one in self.refunds if one["intent"] == intent["id"])
        if intent["status"] != "succeeded" or back + amount > intent["amount"]:
            return error(400, "invalid_request_error", "charge_already_refunded")
        made = {
            "id": f"re_{next(self.numbers)}",
            "object": "refund",
            "status": "succeeded",
            "intent": intent["id"],
            "amount": amount,
            "metadata": {"key": form["metadata[key]"]},
        }
        self.refunds.append(made)
        return 200, made

    def of(self, payment_id: str) -> list[dict[str, Any]]:
        return [one for one in self.intents.values() if one["metadata"]["payment_id"] == payment_id]

    def dispute(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A bank takes all of a payment back, or decides."""
        (intent,) = self.of(asked["payment_id"])
        made = self.disputes.setdefault(
            f"dp_{intent['id']}",
            {
                "id": f"dp_{intent['id']}",
                "object": "dispute",
                "amount": intent["amount"],
                "balance_transactions": [{"object": "balance_transaction", "fee": 1500}],
                "created": int(time.time()),
                "currency": intent["currency"],
                "evidence_details": {"due_by": int(time.time()) + 7 * 86400},
                "metadata": {},
                "payment_intent": intent["id"],
                "reason": "fraudulent",
            },
        )
        made["status"] = asked["status"]
        return made

    def settle(self, payment_id: str, accepted: bool) -> None:
        """The payer answers 3-D Secure."""
        (intent,) = self.of(payment_id)
        if accepted:
            self.confirm(intent)
        else:
            intent["status"] = "canceled"
            intent["last_payment_error"] = {"code": "authentication_failed"}


def error(status: int, kind: str, code: str, decline: str = "") -> Reply:
    return status, {"error": {"type": kind, "code": code, "decline_code": decline, "message": code}}


class Handler(BaseHTTPRequestHandler):
    """One call; /test/... is for tests and not of Stripe."""

    account = Account()
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Silence."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/test/counts":
            found = self.account.of(asked["payment_id"])
            taken = sum(self.account.captures.count(one["id"]) for one in found)
            names = {one["id"] for one in found}
            back = sum(one["amount"] for one in self.account.refunds if one["intent"] in names)
            seen = {"intents": len(found), "captures": taken, "refunded": back}
            return self.reply((200, seen))
        if not self.known():
            return None
        if url.path.endswith("/search"):
            payment_id = asked["query"].split("'")[3]
            found = self.account.of(payment_id)
            return self.reply((200, {"object": "search_result", "data": found, "has_more": False}))
        if url.path.endswith("/disputes"):
            intent = asked["payment_intent"]
            made = self.account.disputes.values()
            found = [one for one in made if one["payment_intent"] == intent]
            return self.reply((200, {"object": "list", "data": found, "has_more": False}))
        if url.path.endswith("/refunds"):
            intent = asked["payment_intent"]
            found = [one for one in self.account.refunds if one["intent"] == intent]
            return self.reply((200, {"object": "list", "data": found, "has_more": False}))
        return self.reply((200, self.account.intents[url.path.rpartition("/")[2]]))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        if self.path == "/test/settle":
            asked = json.loads(body)
            self.account.settle(asked["payment_id"], asked["accepted"])
            return self.reply((200, {}))
        if self.path == "/test/dispute":
            return self.reply((200, self.account.dispute(json.loads(body))))
        if self.path == "/test/forget":
            self.account.remembered.clear()
            return self.reply((200, {}))
        if self.path == "/test/webhooks":
            return self.reply((200, {"statuses": self.send(json.loads(body))}))
        if not self.known():
            return None
        form = {name: values[0] for name, values in parse_qs(body).items()}
        key = self.headers.get("idempotency-key", "")
        reply, first = self.account.once(key, f"{self.path}?{body}", self.path, form)
        if first and self.path.endswith("/confirm") and reply[1].get("amount", 0) % 100 == 5:
            self.close_connection = True
            return None
        return self.reply(reply)

    def known(self) -> bool:
        if self.headers.get("authorization") == f"Bearer {KEY}":
            return True
        self.reply(error(401, "invalid_request_error", "api_key_invalid"))
        return False

    def reply(self, reply: Reply) -> None:
        data = json.dumps(reply[1]).encode()
        self.send_response(reply[0])
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def send(self, asked: dict[str, Any]) -> list[int]:
        """Every event of a payment, the last first, and then once more."""
        (intent,) = self.account.of(asked["payment_id"])
        kinds = ["payment_intent.created", "payment_intent.processing", "payment_intent.succeeded"]
        bodies = [
            json.dumps(
                {"id": f"evt_{intent['id']}_{kind}", "type": kind, "data": {"object": intent}}
            )
            for kind in kinds
        ]
        return [post(asked["url"], body) for body in [*bodies[::-1], *bodies]]


def post(url: str, body: str) -> int:
    moment = int(time.time())
    digest = WebhookSignature._compute_signature(f"{moment}.{body}", WEBHOOK_SECRET)
    request = urllib.request.Request(url, body.encode(), method="POST")
    request.add_header("Stripe-Signature", f"t={moment},v1={digest}")
    with urllib.request.urlopen(request) as answer:
        return int(answer.status)


class Server(ThreadingHTTPServer):
    """Many may knock at once."""

    request_queue_size = 128


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
