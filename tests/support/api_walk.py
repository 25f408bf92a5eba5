"""A walk through the API along its links: what one request made is what the next one is about.

Hypothesis makes the requests from the description, the walk chooses which follows which and puts in what the answers said. Every
answer is held to the description.
"""

import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

from tests.support.api_links import LINKS, Link, filled
from tests.support.api_requests import complaint
from tests.support.clock import Clock
from wenyue.core.ids import uuid7

ONCE: Final = (
    "post_cards_card_no_replacement",
    "post_gate_cards_replacement",
)  # by their link: there are few cards to lose
PAUSE_S: Final = 3.0  # between two requests, by the site's clock: the walk is no flood
KEPT: Final = 12  # answers of an operation and status that the walk remembers
# Links whose success needs what no answer tells.
OUT_OF_REACH: Final = {
    "post_cards_lost 202 -> post_cards_lost_request_id_code": "the code is sent to a phone",
    "post_bookings_booking_id_cancellation 200 -> post_bookings_booking_id_confirmation": "what is cancelled stays so",
    "post_bookings_booking_id_cancellation 200 -> post_bookings_booking_id_reschedule": "what is cancelled stays so",
    "post_rooms_event_pass 201 -> post_rooms_event_token": "nobody keeps the room here",
}


@dataclass
class Walk:
    """A running server and what the requests so far led to."""

    url: str
    clock: Clock
    sign_in: Callable[[], str]
    staff: str
    known: dict[str, list[Any]]
    bodies: dict[str, list[dict[str, Any]]]
    requests: dict[str, deque[Any]]
    traveller: str = ""
    answers: dict[tuple[str, int], deque[Any]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=KEPT))
    )
    booked: deque[Any] = field(default_factory=lambda: deque(maxlen=KEPT))
    tried: Counter[str] = field(default_factory=Counter[str])
    succeeded: Counter[str] = field(default_factory=Counter[str])
    states: Counter[str] = field(default_factory=Counter[str])
    troubles: list[str] = field(default_factory=list[str])
    chance: random.Random = field(default_factory=lambda: random.Random(20261143))

    @property
    def missing(self) -> set[str]:
        """Links that nobody followed with success so far."""
        return {one.name for one in LINKS} - (+self.succeeded).keys() - OUT_OF_REACH.keys()

    def step(self) -> None:
        """One request: along a link, mostly one that was followed seldom; or a booking, or any."""
        ready = [one for one in LINKS if self.answers.get((one.source, one.status))]
        drawn = self.chance.random()
        if drawn < 0.1:
            self.send("post_bookings")
        elif ready and drawn < 0.8:
            link = min(self.chance.sample(ready, min(10, len(ready))), key=self._worn)
            self.send(link.target, link)
        else:
            self.send(self.chance.choice([one for one in self.requests if one not in ONCE]))

    def send(self, operation: str, link: Link | None = None) -> None:
        """The next request of this operation, with what the link takes of an answer, and mostly with what exists."""
        case = self.requests[operation][0]
        self.requests[operation].rotate(-1)
        is_wild = self.chance.random() < 0.2
        body = case.body if is_wild else self.chance.choice(self.bodies.get(operation, [case.body]))
        path, query = dict(case.path_parameters or {}), dict(case.query or {})
        if not is_wild:
            for place in (path, query):
                place.update(
                    {name: self.chance.choice(self.known[name]) for name in place.keys() & self.known.keys()}
                )
        if link is not None:
            try:
                answer = self._answer(link)
                taken, fields = (filled(one, answer, self.chance) for one in (link.takes, link.body))
            except LookupError:
                return  # nothing to take from this one
            path.update({name: one for name, one in taken.items() if name in path})
            query.update({name: one for name, one in taken.items() if name not in path})
            body = merged(body, fields) if fields else body
        if operation == "post_bookings" and self.booked and self.chance.random() < 0.3:
            body, link = self.chance.choice(self.booked), None  # once more the very same
        else:
            body = self._with_new_id(operation, body)
        key = str(body.get("id")) if operation == "post_bookings" and _is_fields(body) else str(uuid7())
        self.traveller = self.traveller or self.sign_in()
        token = self.staff if case.path.startswith("/v1/gate") else self.traveller
        headers: dict[str, str] = {
            **(case.headers or {}),
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": key,
        }
        made = case.operation.Case(
            path_parameters=path, query=query, headers=headers, body=body, media_type=case.media_type
        )
        self._call(made, operation, link)

    def _with_new_id(self, operation: str, body: Any) -> Any:
        """The body under an id of its own; now and then something else under an id that was used."""
        name = {"post_bookings": "id", "post_gate_scans": "scan_id"}.get(operation)
        if name is None or not _is_fields(body) or self.chance.random() < 0.1:
            return body
        return body | {name: str(uuid7())}

    def _worn(self, link: Link) -> int:
        """How much a link was followed; what takes a booking away is followed less."""
        often = self.tried if link.name in OUT_OF_REACH else self.succeeded
        return often[link.name] * (2 if link.target.endswith("cancellation") else 1)

    def _answer(self, link: Link) -> Any:
        """One to go on from, mostly one about what is still there."""
        all_of_them = self.answers[link.source, link.status]
        alive = [one for one in all_of_them if one.get("state") != "cancelled"]
        return self.chance.choice(alive if alive and self.chance.random() < 0.8 else all_of_them)

    def _call(self, case: Any, operation: str, link: Link | None) -> None:
        self.clock.forward(PAUSE_S)
        answer = case.call(base_url=self.url)
        if said := complaint(case, answer):
            self.troubles.append(said)
        if answer.status_code == 401 and not case.path.startswith("/v1/gate"):
            self.traveller = ""  # a loss ends the logins of its holder
        is_good = 200 <= answer.status_code < 300
        if link is not None:
            self.tried[link.name] += 1
            self.succeeded[link.name] += is_good
        if is_good and answer.content:
            said = answer.json()
            if (operation, answer.status_code) == ("post_bookings", 201):
                self.booked.append(case.body)
            self.answers[operation, answer.status_code].append(said)
            if operation.startswith(("post_bookings", "get_bookings_")):
                self.states[str(said["state"])] += 1


def _is_fields(body: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(body, dict)


def _is_list(body: Any) -> TypeGuard[list[Any]]:
    return isinstance(body, list)


def merged(body: Any, fields: Any) -> Any:
    """The body with these fields in it, in lists one by one."""
    if _is_fields(body) and _is_fields(fields):
        return body | {name: merged(body.get(name), one) for name, one in fields.items()}
    if _is_list(body) and _is_list(fields):
        return [merged(*pair) for pair in zip(body, fields, strict=False)] or fields
    return fields
