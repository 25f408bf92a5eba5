"""The body of POST /v1/bookings: its shape, its checks, and the booking that it asks for."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from wenyue.application import Details, Person, person_of_document
from wenyue.booking import SlotState, SlotView, WantedLine
from wenyue.core.clock import local_date
from wenyue.core.documents import (
    Document,
    DocumentError,
    DocumentErrorCode,
    DocumentKind,
    NameProblem,
    PhoneError,
    parse_document,
    parse_name,
    parse_phone,
)
from wenyue.core.documents.text import has_controls
from wenyue.core.limits import (
    DOCUMENT_LENGTH_MAX,
    HOLD_TTL_S,
    HOLD_TTL_S_MAX,
    LINES_MAX,
    NAME_LENGTH_MAX,
    QUANTITY_MAX,
    VISITORS_MAX,
)
from wenyue.core.personal import Vault
from wenyue.locale import DEFAULT, SOURCE, Locale, Message
from wenyue.web.shared.problem import FieldError, RequestRefused
from wenyue.web.wording.api import API_WORDS, FIELD_WORDS
from wenyue.web.wording.documents import DOCUMENT_ERRORS, NAME_ERRORS, PHONE_ERRORS

_TIMEZONE: Final = "Asia/Shanghai"
DOCUMENT_FIELDS: Final[Mapping[DocumentErrorCode, str]] = {  # where not the number itself is wrong
    DocumentErrorCode.NATIONALITY_NEEDED: "nationality",
    DocumentErrorCode.BAD_NATIONALITY: "nationality",
    DocumentErrorCode.EXPIRY_NEEDED: "expires_on",
}
_encode: Final = msgspec.json.Encoder().encode


class VisitorBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One named person; `kind` may be left out for documents that are recognised by their form."""

    name: Annotated[str, Meta(max_length=4 * NAME_LENGTH_MAX)]
    number: Annotated[str, Meta(max_length=4 * DOCUMENT_LENGTH_MAX)]
    kind: DocumentKind | None = None
    nationality: Annotated[str, Meta(max_length=40)] | None = None
    expires_on: date | None = None


class LineBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One slot: how many places, for which of the visitors (indexes), whether the card pays, the price that was shown.

    `price_minor`, per place, is needed where the card does not pay (0: free); another price is refused as `price_changed`.
    """

    slot_id: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    quantity: Annotated[int, Meta(ge=1, le=QUANTITY_MAX)] = 1
    visitors: Annotated[
        tuple[Annotated[int, Meta(ge=0, lt=VISITORS_MAX)], ...], Meta(max_length=VISITORS_MAX)
    ] = ()
    on_card: bool = False
    price_minor: Annotated[int, Meta(ge=0, lt=2**53)] | None = None


class BookingBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Book every line, or none. `id` is minted by the client (UUIDv7), once, and sent again unchanged on a retry.

    Whoever lost an answer and is then refused asks for the booking (`GET /v1/bookings/{id}`) before believing it: the
    first request may have been heard elsewhere. Places that cost money are held, as with `hold`, until they are confirmed.
    """

    lines: Annotated[tuple[LineBody, ...], Meta(min_length=1, max_length=LINES_MAX)]
    id: UUID | None = None
    visitors: Annotated[tuple[VisitorBody, ...], Meta(max_length=VISITORS_MAX)] = ()
    card_id: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None
    hold: bool = False
    hold_ttl_s: Annotated[int, Meta(ge=60, le=HOLD_TTL_S_MAX)] = HOLD_TTL_S
    contact_name: Annotated[str, Meta(max_length=4 * NAME_LENGTH_MAX)] = ""
    contact_phone: Annotated[str, Meta(max_length=40)] = ""


class BookedAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The booking. `is_replay`: this very request had been answered before. Money in minor units (分).

    `notes`: fields that were taken as they are, and what will not be done with them; left out when there are none.
    """

    id: UUID
    outcome: str
    state: str | None
    is_replay: bool
    hold_until: datetime | None
    total_minor: int
    currency: str
    notes: tuple[FieldError, ...] = ()


class SlotAnswer(msgspec.Struct, frozen=True):
    """One slot as it can be booked online at `as_of`. `left` is 0 unless it can be booked."""

    slot_id: int
    on_date: date
    starts_at: datetime
    ends_at: datetime
    label_zh: str
    label_en: str
    price_minor: int
    currency: str
    release_at: datetime
    closes_at: datetime
    state: SlotState
    left: int
    capacity: int
    reason_zh: str
    reason_en: str


class AvailabilityPage(msgspec.Struct, frozen=True):
    """A product's slots as they were at `as_of`."""

    product_id: int
    as_of: datetime
    slots: list[SlotAnswer]


def slot_answer(view: SlotView) -> SlotAnswer:
    """The slot with its texts in Chinese and English, '' where nobody wrote any."""
    return SlotAnswer(
        slot_id=view.slot_id,
        on_date=view.on_date,
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        label_zh=view.label.get(DEFAULT, ""),
        label_en=view.label.get(SOURCE, ""),
        price_minor=view.price_minor,
        currency=view.currency,
        release_at=view.release_at,
        closes_at=view.closes_at,
        state=view.state,
        left=view.left,
        capacity=view.capacity,
        reason_zh=view.reason.get(DEFAULT, ""),
        reason_en=view.reason.get(SOURCE, ""),
    )


def details_of(body: BookingBody, *, vault: Vault, now: datetime, locale: str) -> Details:
    """The checked booking. Raises RequestRefused (422) that names every field to mend, all at once."""
    errors: list[FieldError] = []
    people: list[Person] = []
    today = local_date(now, _TIMEZONE)
    for number, visitor in enumerate(body.visitors):
        person = _person(visitor, number, today, locale, errors)
        if person is not None:
            people.append(person_of_document(*person, vault))
    phone = _phone(body.contact_phone, locale, errors)
    if not body.contact_name.isalnum() and has_controls(body.contact_name):
        text = FIELD_WORDS["one_line"].say(locale)
        errors.append(FieldError("/contact_name", "one_line", text))
    _check_indexes(body, locale, errors)
    if errors:
        raise RequestRefused(422, "fields", errors=errors)
    return Details(
        tuple(
            [
                WantedLine(line.slot_id, line.quantity, line.visitors, line.on_card, line.price_minor)
                for line in body.lines
            ]
        ),
        tuple(people),
        body.card_id,
        body.contact_name[:NAME_LENGTH_MAX],
        phone,
        body.hold,
        body.hold_ttl_s,
    )


def notes_of(phone: str, reached: tuple[str, ...], locale: str) -> tuple[FieldError, ...]:
    """What is told about a checked phone (E.164) to which no texts go, because its country is none of `reached`."""
    if not phone or phone.startswith(reached):
        return ()
    return (FieldError("/contact_phone", "no_texts", FIELD_WORDS["no_texts"].say(locale)),)


def price_needed(line: int, locale: str) -> RequestRefused:
    """422: a line that money pays for does not say which price was shown."""
    pointer = f"/lines/{line}/price_minor"
    return RequestRefused(
        422, "fields", errors=[_error(pointer, "price_needed", API_WORDS["price_needed"], locale)]
    )


def _person(
    visitor: VisitorBody, number: int, today: date, locale: str, errors: list[FieldError]
) -> tuple[str, Document] | None:
    name = parse_name(visitor.name)
    document = parse_document(
        visitor.kind,
        visitor.number,
        today=today,
        nationality=visitor.nationality,
        expires_on=visitor.expires_on,
    )
    if isinstance(name, NameProblem):
        errors.append(_error(f"/visitors/{number}/name", name.code, NAME_ERRORS[name.code], locale))
    if isinstance(document, DocumentError):
        field = DOCUMENT_FIELDS.get(document.code, "number")
        words = DOCUMENT_ERRORS[document.code]
        errors.append(_error(f"/visitors/{number}/{field}", document.code, words, locale))
    if isinstance(name, NameProblem) or isinstance(document, DocumentError):
        return None
    return name, document


def _phone(raw: str, locale: str, errors: list[FieldError]) -> str:
    if not raw:
        return ""
    phone = parse_phone(raw)
    if isinstance(phone, PhoneError):
        errors.append(_error("/contact_phone", phone.code, PHONE_ERRORS[phone.code], locale))
        return ""
    return phone.e164


def _check_indexes(body: BookingBody, locale: str, errors: list[FieldError]) -> None:
    """Every visitor index exists and stands once in its line; a card is named when a line wants one."""
    count = len(body.visitors)
    for number, line in enumerate(body.lines):
        named = line.visitors
        if named and (max(named) >= count or (len(named) > 1 and len(set(named)) < len(named))):
            errors.append(_error(f"/lines/{number}/visitors", "bad_index", API_WORDS["bad_index"], locale))
        if line.on_card and body.card_id is None:
            errors.append(_error("/card_id", "card_needed", API_WORDS["card_needed"], locale))


def _error(pointer: str, code: str, words: Message, locale: Locale) -> FieldError:
    return FieldError(pointer, str(code), words.say(locale))
