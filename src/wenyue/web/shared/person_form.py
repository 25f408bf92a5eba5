"""A person as a form describes them: every field is checked, and an error names its field and the fix."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from wenyue.accounts import Identity
from wenyue.core.documents import (
    DocumentError,
    DocumentErrorCode,
    DocumentKind,
    NameProblem,
    PhoneError,
    parse_document,
    parse_name,
    parse_phone,
)
from wenyue.imports.countries import country_of
from wenyue.locale import translations
from wenyue.web.shared import Form, Locale
from wenyue.web.shared.forms import FieldError, parse_day
from wenyue.web.wording.documents import (
    DOCUMENT_ERRORS,
    DOCUMENT_KINDS,
    NAME_ERRORS,
    PHONE_ERRORS,
)

FIELDS: Final = ("card_no", "kind", "name", "number", "nationality", "expires", "phone")
_FIELD_OF: Final[Mapping[DocumentErrorCode, str]] = {
    DocumentErrorCode.NATIONALITY_NEEDED: "nationality",
    DocumentErrorCode.BAD_NATIONALITY: "nationality",
    DocumentErrorCode.EXPIRY_NEEDED: "expires",
}


@dataclass(frozen=True, slots=True)
class PersonForm:
    """What was typed (shown again on an error), and the person it describes when nothing is wrong."""

    values: dict[str, str]
    identity: Identity | None
    errors: tuple[FieldError, ...]

    def __repr__(self) -> str:
        return f"PersonForm({'good' if self.identity else 'refused'})"


def kinds_of_document(locale: Locale) -> tuple[tuple[str, str], ...]:
    """Every document kind with its name."""
    return tuple((kind.value, DOCUMENT_KINDS[kind].say(locale)) for kind in DocumentKind)


def blank_values(kind: str = DocumentKind.RESIDENT_ID.value) -> dict[str, str]:
    """An empty form."""
    return dict.fromkeys(FIELDS, "") | {"kind": kind}


def error_finder(errors: tuple[FieldError, ...]) -> Callable[[str], str]:
    """The error of a field, or ''."""
    by_field = {error.field: error.text for error in reversed(errors)}
    return lambda name: by_field.get(name, "")


def _nationality(typed: str) -> str:
    """The code of a country as people write it, 英国 or Britain; what is none stays as it was typed."""
    return country_of(typed) or typed


def _beside(
    told: DocumentErrorCode, kind: DocumentKind | None, values: Mapping[str, str]
) -> list[DocumentErrorCode]:
    """What else is wrong with a passport than `told`, the first thing met; typed machine-readable lines say the rest."""
    if (
        kind is not DocumentKind.PASSPORT
        or _FIELD_OF.get(told, "number") != "number"
        or "<" in values["number"]
    ):
        return []
    country, found = country_of(values["nationality"]), list[DocumentErrorCode]()
    if country is None:
        is_typed = bool(values["nationality"])
        found.append(DocumentErrorCode.BAD_NATIONALITY if is_typed else DocumentErrorCode.NATIONALITY_NEEDED)
    if country != "CHN" and parse_day(values["expires"]) is None:
        found.append(DocumentErrorCode.EXPIRY_NEEDED)
    return found


def read_person(form: Form, today: date, locale: Locale, *, has_phone: bool = False) -> PersonForm:
    """The person of a submitted form. Identity fields that are wrong are named, all at once."""
    values = {name: form.one(name) for name in FIELDS}
    errors: list[FieldError] = []
    kinds = {kind.value: kind for kind in DocumentKind}
    kind = kinds.get(values["kind"])
    if kind is None:
        errors.append(FieldError("kind", translations(locale).gettext("Choose the type of document")))
        values["kind"] = DocumentKind.RESIDENT_ID.value
    name = parse_name(values["name"])
    if isinstance(name, NameProblem):
        errors.append(FieldError("name", NAME_ERRORS[name.code].say(locale)))
    document = parse_document(
        kind,
        values["number"],
        today=today,
        nationality=_nationality(values["nationality"]) if kind is DocumentKind.PASSPORT else None,
        expires_on=parse_day(values["expires"]) if kind is DocumentKind.PASSPORT else None,
    )
    if isinstance(document, DocumentError):
        codes = [document.code, *_beside(document.code, kind, values)]
        errors += [
            FieldError(_FIELD_OF.get(code, "number"), DOCUMENT_ERRORS[code].say(locale)) for code in codes
        ]
    phone = ""
    if has_phone and values["phone"]:
        parsed = parse_phone(values["phone"])
        if isinstance(parsed, PhoneError):
            errors.append(FieldError("phone", PHONE_ERRORS[parsed.code].say(locale)))
        else:
            phone = parsed.e164
    if isinstance(name, NameProblem) or isinstance(document, DocumentError) or errors:
        return PersonForm(values, None, tuple(errors))
    return PersonForm(values, Identity(name, document, phone), ())
