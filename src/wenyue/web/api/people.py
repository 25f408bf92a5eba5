"""A person in a JSON body: name, document, phone, birth date; checked into an `Identity`, or the fields to mend."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from wenyue.accounts import Identity
from wenyue.core.documents import (
    DocumentError,
    DocumentKind,
    NameProblem,
    PhoneError,
    birth_problem,
    parse_document,
    parse_name,
    parse_phone,
)
from wenyue.core.limits import DOCUMENT_LENGTH_MAX, NAME_LENGTH_MAX
from wenyue.locale import Locale, Message
from wenyue.web.api.bodies import DOCUMENT_FIELDS
from wenyue.web.shared.problem import FieldError, RequestRefused
from wenyue.web.wording.documents import DOCUMENT_ERRORS, NAME_ERRORS, PHONE_ERRORS


class PersonBody(BaseModel):
    """One person; `kind` may be left out for documents that are recognised by their form."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(max_length=4 * NAME_LENGTH_MAX, examples=["张演示"])]
    number: Annotated[str, Field(max_length=4 * DOCUMENT_LENGTH_MAX, examples=["11010519491231002X"])]
    kind: DocumentKind | None = None
    nationality: Annotated[str, Field(max_length=40, description="passports: ISO 3166 code")] | None = None
    expires_on: Annotated[date, Field(description="passports: last valid day")] | None = None
    phone: Annotated[str, Field(max_length=40)] = ""
    birth: (
        Annotated[date, Field(description="counts only where the document carries no birth date")] | None
    ) = None


def identity_of(person: PersonBody, today: date, locale: str) -> Identity:
    """The person. Raises RequestRefused (422) that names every field to mend, all at once."""
    errors: list[FieldError] = []
    name = parse_name(person.name)
    if isinstance(name, NameProblem):
        errors.append(_error("/name", name.code, NAME_ERRORS[name.code], locale))
    document = parse_document(
        person.kind, person.number, today=today, nationality=person.nationality, expires_on=person.expires_on
    )
    if isinstance(document, DocumentError):
        field = DOCUMENT_FIELDS.get(document.code, "number")
        errors.append(_error(f"/{field}", document.code, DOCUMENT_ERRORS[document.code], locale))
    wrong = birth_problem(person.birth, today) if person.birth is not None else None
    if wrong is not None:
        errors.append(_error("/birth", wrong, DOCUMENT_ERRORS[wrong], locale))
    phone = parse_phone(person.phone) if person.phone else None
    if isinstance(phone, PhoneError):
        errors.append(_error("/phone", phone.code, PHONE_ERRORS[phone.code], locale))
    if (
        isinstance(name, NameProblem)
        or isinstance(document, DocumentError)
        or isinstance(phone, PhoneError)
        or errors
    ):
        raise RequestRefused(422, "fields", errors=errors)
    return Identity(name, document, phone.e164 if phone else "", person.birth)


def _error(pointer: str, code: str, words: Message, locale: Locale) -> FieldError:
    return FieldError(pointer, str(code), words.say(locale))
