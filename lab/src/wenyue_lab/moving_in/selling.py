"""After the move: what came in sells. A holder gets in by the code on the phone and books; the gate finds an old number.

Only the public interface over HTTP, and the commands; nothing of the program.
"""

import http.client
import json
import re
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from wenyue.core.limits import LOOKUPS_PER_MINUTE
from wenyue_lab.moving_in.members import Member
from wenyue_lab.moving_in.model import Booking
from wenyue_lab.moving_in.programs import HOST, House

_PASSWORD: Final = "a long word for the gate"  # noqa: S105 - of an installation that is erased
_TIMEOUT_S: Final = 15.0
_SMS_S: Final = 30.0
_CODE: Final = re.compile(r"(?<!\d)(\d{6,8})(?!\d)")
_LOOK_AT_MOST: Final = 40
_INDEXED_WITHIN_S: Final = 120.0
_ASK_AGAIN_S: Final = 2 * 60 / LOOKUPS_PER_MINUTE  # half as often as one keeper may look somebody up


class NotSold(Exception):
    """Something of what was moved in does not work; the message says what was answered."""


class Shop:
    """A traveller's program, and a gate's."""

    def __init__(self, house: House, today: date) -> None:
        self._house, self._today, self._token = house, today, ""

    def sign_in(self, members: Sequence[Member]) -> dict[str, Any]:
        """An imported card's holder, by name, document and the code that goes to the phone on file; the card as it is here."""
        one = next(
            one.card for one in members
            if one.card.state == "active" and one.row[3] == "身份证" and one.card.left[0] > 1
        )  # fmt: skip
        asked = f"{uuid.uuid4()}"
        body = {"id": asked, "name": one.name, "number": one.number, "phone": one.phone, "is_lost": False}
        self.ask("POST", "/v1/cards/lost", body, 202)
        said = self.ask("POST", f"/v1/cards/lost/{asked}/code", {"code": self._code(), "is_lost": False}, 201)
        self._token = said["token"]
        cards = {card["card_no"]: card for card in self.ask("GET", "/v1/session", None, 200)["cards"]}
        found = cards[one.no]
        left = [part["left"] for part in found["entitlements"]]
        _require(left == list(one.left.values()), f"the card has {left} left instead of {one.left}")
        return found | {"name": one.name, "number": one.number}

    def _code(self) -> str:
        """The text that the file transport wrote."""
        until = time.monotonic() + _SMS_S
        while time.monotonic() < until:
            for path in sorted(Path(self._house.home, "messages").glob("sms-*.jsonl")):
                texts = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
                if found := [code[1] for text in texts if (code := _CODE.search(text))]:
                    return found[-1]
            time.sleep(0.2)
        raise NotSold("no code came")

    def book_visit(self, codes: Sequence[str], card: dict[str, Any]) -> str:
        """A session of an imported attraction on the imported card; an entry less is left afterwards."""
        slot = self._open(codes, "adult")
        person = {"name": card["name"], "number": card["number"]}
        line = {"slot_id": slot["slot_id"], "quantity": 1, "visitors": [0], "on_card": True}
        body = {"id": _uuid7(), "visitors": [person], "card_id": card["card_id"], "lines": [line]}
        self.ask("POST", "/v1/bookings", body, 201)
        now = next(
            one
            for one in self.ask("GET", "/v1/session", None, 200)["cards"]
            if one["card_id"] == card["card_id"]
        )
        _require(
            now["entitlements"][0]["left"] == card["entitlements"][0]["left"] - 1,
            "the card's entry was not spent",
        )
        return f"{slot['on_date']} {slot['starts_at']}"

    def book_night(self, codes: Sequence[str]) -> str:
        """A night of an imported hotel at its price: held, then confirmed."""
        slot = self._open(codes, "king")
        booking_id = _uuid7()
        line = {"slot_id": slot["slot_id"], "quantity": 1, "price_minor": slot["price_minor"]}
        self.ask("POST", "/v1/bookings", {"id": booking_id, "lines": [line]}, 201)
        said = self.ask("POST", f"/v1/bookings/{booking_id}/confirmation", {}, 200)
        _require(said["state"] == "confirmed", f"the night is {said['state']}")
        return f"{slot['on_date']}, {slot['price_minor'] / 100:.2f}"

    def _open(self, codes: Sequence[str], product: str) -> dict[str, Any]:
        """A slot to come with a place left."""
        for code in codes[:_LOOK_AT_MOST]:
            found = {
                one["code"]: one["id"] for one in self.ask("GET", f"/v1/venues/{code}", None, 200)["products"]
            }
            first, last = self._today + timedelta(days=1), self._today + timedelta(days=25)
            page = self.ask(
                "GET", f"/v1/availability?product_id={found[product]}&from={first}&to={last}", None, 200
            )
            for slot in page["slots"]:
                if slot["left"] > 0:
                    return slot
        raise NotSold(f"nothing of {product} is left")

    def find_at_gate(self, today: Sequence[Booking], spelt: Callable[[str], str]) -> str:
        """A guest of today by the number of the old system, as it is spelt on their paper."""
        one = today[0]
        login = {"login": "keeper", "password": _PASSWORD}
        self._house.run(
            "staff",
            "add",
            "keeper",
            "--duty",
            f"gate@venue:{one.venue}",
            "--password-stdin",
            typed=_PASSWORD + "\n",
        )
        self._token = self.ask("POST", "/v1/gate/session", login, 200)["token"]
        body = {"venue": one.venue, "kind": "reference", "text": spelt(one.key)}
        places, until = sum(places for _, _, places in one.used), time.monotonic() + _INDEXED_WITHIN_S
        visits = self.ask("POST", "/v1/gate/lookups", body, 200)["visits"]
        while not visits and time.monotonic() < until:
            # The worker indexes near days once a minute, and tells nobody when it has: there is nothing to wait for but time.
            time.sleep(_ASK_AGAIN_S)
            visits = self.ask("POST", "/v1/gate/lookups", body, 200)["visits"]
        _require([sum(one["quantity"] for one in visits)] == [places], f"the gate found {len(visits)} visits")
        return f"{body['text']}: {visits[0]['on_date']}, {places}"

    def ask(self, method: str, path: str, body: object, status: int) -> dict[str, Any]:
        """One request. Raises NotSold when another status is answered."""
        connection = http.client.HTTPConnection(HOST, self._house.port, timeout=_TIMEOUT_S)
        headers = {"Content-Type": "application/json", "Accept-Language": "en"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            raw = None if body is None else json.dumps(body).encode()
            connection.request(method, path, body=raw, headers=headers)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status != status:
            raise NotSold(f"{method} {path}: {answer.status} {said.decode(errors='replace')[:600]}")
        return json.loads(said)


def _uuid7() -> str:
    millis = time.time_ns() // 1_000_000
    return f"{uuid.UUID(int=(millis << 80) | (7 << 76) | (uuid.uuid4().int & ((1 << 76) - 1) & ~(0b11 << 62)) | (0b10 << 62))}"


def _require(is_so: bool, words: str) -> None:  # noqa: FBT001 - a condition
    if not is_so:
        raise NotSold(words)
