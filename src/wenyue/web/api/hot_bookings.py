"""POST /v1/bookings as plain ASGI.

A request that cannot succeed is answered before its visitors are even read; everything else is checked completely
before it is queued, so that a batch fails only for operational reasons.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from wenyue.accounts import Login, LoginEnded
from wenyue.application import Denied, Details, PlaceBooking, Traveller, place_booking
from wenyue.booking import Answer
from wenyue.container import Services
from wenyue.core.ids import parse_uuid
from wenyue.core.limits import BOOKING_DEADLINE_S
from wenyue.platform.database.db import DatabaseDown
from wenyue.platform.http.bodies import SenderGone
from wenyue.web.api.bodies import BookedAnswer, BookingBody, details_of, notes_of
from wenyue.web.api.denials import denied
from wenyue.web.api.fields import msgspec_errors
from wenyue.web.api.hot_answers import JSON, NONE, REFUSED_HEADERS, Headers, encode, send_answer
from wenyue.web.api.metrics import Meter
from wenyue.web.api.problems import answer_problem, status_of
from wenyue.web.api.room_refused import ROOM_TOKEN_HEADER
from wenyue.web.middleware.edge import Receive, Scope, Send, begin_request, check_json, read_body
from wenyue.web.middleware.language import header_locale, scope_locale
from wenyue.web.middleware.logins import Logins
from wenyue.web.shared.problem import PROBLEM_TYPE, FieldError, RequestRefused

_decode_body: Final = msgspec.json.Decoder(BookingBody).decode
_FAILED, _BUSY, _UNAUTHORIZED = 500, 503, 401  # an answer below 500 was decided
_GOOD: Final = frozenset({200, 201})

_Answer = tuple[int, bytes, bytes, Headers]  # status, body, its kind, more headers
_By = tuple[str, int]  # the login's key, and whose it is


class _Headers(NamedTuple):
    """What the headers of a booking say."""

    token: bytes
    key: bytes
    turn: bytes
    kind: bytes
    locale: str


class HotBookings:
    """The endpoint for one process."""

    def __init__(
        self,
        services: Services,
        logins: Logins,
        meter: Meter,
        heard: Callable[[Scope, int], None] = lambda _scope, _status: None,
    ) -> None:
        self._services = services
        self._heard = heard
        self._meter = meter
        self._logins = logins
        self._admission = services.admission
        self._hot = services.admission.hot
        limit = services.admission.persons.limit
        self._policy = (b"ratelimit-policy", b'"person";q=%d;w=%d' % (limit.burst, limit.window_s))

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """POST /v1/bookings: book every line, or none; 201, a replay's 200, or a problem.

        A place of the lane is taken last: when the body is whole, and when it is known whose login it is.
        """
        hot, started = self._hot, monotonic()
        asked = _asked(scope)
        try:
            body = await read_body(self._admission.bodies, scope, receive)
            started = monotonic()
            by = await self._login(asked)
        except SenderGone:
            return
        except RequestRefused as refused:
            hot.shed += refused.code == "overloaded"
            await self._answer(scope, send, started, self._refusal(refused, asked.locale))
            return
        hot.begin()
        status = _FAILED
        try:
            answer = await self._book(asked, body, by, started)
            status = answer[0]
        finally:  # before it is sent: whoever does not read the answer keeps no place
            hot.end(monotonic() - started, is_decided=status < _FAILED, is_good=status in _GOOD)
        await self._answer(scope, send, started, answer)

    async def _login(self, asked: "_Headers") -> _By:
        """The login of the bearer token, and its traveller; the lane has room for them. Raises RequestRefused (401, 415, 503)."""
        hot = self._hot
        if asked.kind != b"application/json":
            check_json(asked.kind)
        login = self._logins.recall(asked.token)
        if hot.in_flight >= hot.limit or (login is None and not hot.knock()):
            raise RequestRefused(503, "overloaded")
        if login is None:
            login = await self._find(asked.token)
            if hot.in_flight >= hot.limit:
                raise RequestRefused(503, "overloaded")
        if login is None or login.traveller_id is None:
            raise RequestRefused(401, "login_needed")
        return login.key, login.traveller_id

    async def _find(self, token: bytes) -> Login | None:
        """Look a login up; `knock` was asked. Raises RequestRefused (503)."""
        try:
            return await self._logins.find(token)
        except DatabaseDown:
            self._services.db.outage.note_bad("DatabaseDown", is_sure=False)
            raise RequestRefused(503, "busy") from None
        finally:
            self._hot.unknown -= 1

    async def _book(self, asked: "_Headers", body: bytes, by: _By, started: float) -> _Answer:
        services, (login, holder_id) = self._services, by
        notes: list[FieldError] = []
        until = started + BOOKING_DEADLINE_S
        try:
            placed = await place_booking(
                services, Traveller(holder_id, login), lambda: self._read(body, asked, notes), until=until
            )
        except RequestRefused as refused:
            return self._refusal(refused, asked.locale)
        except LoginEnded:
            self._logins.forget(asked.token)
            return self._refusal(RequestRefused(_UNAUTHORIZED, "login_needed"), asked.locale)
        allowance = placed.allowance
        limits = [
            (b"ratelimit", b'"person";r=%d;t=%d' % (allowance.left, allowance.full_in_s)),
            self._policy,
        ]
        outcome = placed.outcome
        if isinstance(outcome, Denied):
            status, payload, kind, headers = self._refusal(denied(outcome, asked.locale), asked.locale)
        else:
            status, payload, kind, headers = self._say(outcome, asked.locale, tuple(notes))
        return status, payload, kind, [*headers, *limits]

    def _read(self, raw: bytes, asked: "_Headers", notes: list[FieldError]) -> PlaceBooking:
        """What the body asks for; what is told beside the answer goes to `notes`. Raises RequestRefused (400, 422)."""
        locale, services = asked.locale, self._services
        try:
            body = _decode_body(raw)
        except msgspec.ValidationError as error:
            raise RequestRefused(422, "invalid_body", errors=msgspec_errors(str(error), locale)) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RequestRefused(400, "bad_json", str(error)) from None

        def details() -> Details:
            found = details_of(body, vault=services.vault, now=services.clock(), locale=locale)
            if found.contact_phone:
                notes.extend(notes_of(found.contact_phone, services.settings.texts.prefixes, locale))
            return found

        return PlaceBooking(
            _booking_id(body, asked.key),
            body.lines,
            details,
            asked.turn.decode("latin-1"),
        )

    def _say(self, answer: Answer, locale: str, notes: tuple[FieldError, ...] = ()) -> _Answer:
        if answer.outcome.is_success:
            return (
                (200 if answer.is_replay else 201),
                _booked(answer, notes),
                JSON,
                _location(answer.booking_id),
            )
        retry = self._retry() if answer.outcome.is_transient else NONE
        return status_of(answer.outcome), answer_problem(answer, locale), PROBLEM_TYPE, retry

    def _refusal(self, refused: RequestRefused, locale: str) -> _Answer:
        return refused.status, refused.payload(locale), PROBLEM_TYPE, self._refused_headers(refused)

    def _refused_headers(self, refused: RequestRefused) -> Headers:
        if refused.after_s:
            return [(b"retry-after", b"%d" % refused.after_s)]
        return self._retry() if refused.status == _BUSY else REFUSED_HEADERS.get(refused.status, NONE)

    async def _answer(self, scope: Scope, send: Send, started: float, answer: _Answer) -> None:
        status, payload, kind, headers = answer
        if status == _UNAUTHORIZED:
            self._heard(scope, status)
        if status >= _FAILED:
            headers = [*headers, (b"x-request-id", begin_request(scope).encode())]
        await send_answer(send, status, payload, kind, headers)
        self._meter.count("POST", "/v1/bookings", status, monotonic() - started)

    def _retry(self) -> Headers:
        """When to come back, spread by chance."""
        return [(b"retry-after", b"%d" % self._admission.retry_after_s())]


def _location(booking_id: UUID) -> Headers:
    return [(b"location", b"/v1/bookings/%s" % str(booking_id).encode())]


def _booking_id(body: BookingBody, key: bytes) -> UUID:
    """The id under which the booking is made: in the body, or as the Idempotency-Key; when both, they are equal."""
    if not key:
        if body.id is None:
            raise RequestRefused(422, "id_needed")
        return body.id
    named = parse_uuid(key.decode("latin-1").strip('"'))
    if named is None or (body.id is not None and body.id != named):
        raise RequestRefused(422, "id_needed")
    return named


def _booked(answer: Answer, notes: tuple[FieldError, ...]) -> bytes:
    return encode(
        BookedAnswer(
            answer.booking_id,
            answer.outcome.name.lower(),
            answer.state.name.lower() if answer.state is not None else None,
            answer.is_replay,
            answer.hold_until,
            answer.total_minor,
            answer.currency,
            notes,
        )
    )


def _asked(scope: Scope) -> _Headers:
    token = key = language = turn = b""
    kind = b"application/json"
    for name, value in scope["headers"]:
        if name == b"authorization":
            token = value
        elif name == b"idempotency-key":
            key = value
        elif name == b"accept-language":
            language = value
        elif name == b"content-type":
            kind = value
        elif name == ROOM_TOKEN_HEADER:
            turn = value
    locale = scope_locale(scope) if scope["query_string"] else header_locale(language)
    return _Headers(token, key, turn, kind, locale)
