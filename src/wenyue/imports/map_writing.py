"""A map for editing: what a file was found to say, with how certain that is and why beside it. Pure.

What is written is read as it stands: what nobody can know yet stands behind `#`.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from wenyue.imports.booking_maps import VenueHere, bookings_map
from wenyue.imports.columns import FIELDS, Kind, title_of
from wenyue.imports.guessing import Guess
from wenyue.imports.map_parts import choice_lines, comment, head_lines, quoted, why, word_lines
from wenyue.imports.surveying import Survey
from wenyue.locale import Locale, Message


def map_text(
    found: Survey, locale: Locale, here: Mapping[str, VenueHere] = MappingProxyType({}), code: str = ""
) -> str:
    """The map of a file, TOML. Bookings have a form of their own: `here` and `code` as of `bookings_map`."""
    is_of_bookings = found.proposal.kind is Kind.BOOKINGS
    lines = bookings_map(found, locale, here, code) if is_of_bookings else _columns_map(found, locale)
    return "\n".join(lines) + "\n"


def _columns_map(found: Survey, locale: Locale) -> Iterator[str]:
    kind = found.proposal.kind
    yield from head_lines(found, locale)
    yield f"kind = {quoted(kind.value)}"
    said = Message("by which numbers are remembered: the same in every run")
    yield f"source = {quoted(kind.value)}  {comment(said, locale)}"
    yield from ("", "[columns]")
    for guess in found.proposal.columns:
        if guess.field is not None:
            yield f"{guess.field} = {_rule(found, guess)}  {why(guess, locale)}"
        else:
            yield comment(Message("{column}: {reason}", column=guess.column, reason=guess.reason), locale)
    yield from choice_lines(found, locale)
    yield from _unsaid(found, locale)
    for name, words in found.words.items():
        if words:
            yield from ("", f"[words.{name}]")
            yield from word_lines(kind, name, words, locale)


def _rule(found: Survey, guess: Guess) -> str:
    formats = found.formats.get(guess.field or "", ())
    if not formats:
        return quoted(guess.column)
    return f"{{ column = {quoted(guess.column)}, formats = [{quoted(formats[0])}] }}"


def _unsaid(found: Survey, locale: Locale) -> Iterator[str]:
    """What the kind can say and this file does not."""
    kind, said = found.proposal.kind, found.proposal.mapped()
    rest = [field for field in FIELDS[kind] if field.name not in said]
    if rest:
        yield from ("", "[defaults]")
        yield comment(Message("what no column says may stand here, the same for all rows"), locale)
        yield from (f'# {field.name} = "…"  # {title_of(field, locale)}' for field in rest)
