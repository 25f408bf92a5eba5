"""A map for editing: what a file was found to say, with how certain that is and why beside it. Pure.

What is written is read as it stands: what nobody can know yet stands behind `#`.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from wenyue.imports.column_maps import SURE_FROM
from wenyue.imports.columns import FIELDS, Kind, title_of
from wenyue.imports.guessing import Guess
from wenyue.imports.surveying import Survey
from wenyue.imports.usual_words import USUAL, meaning_of
from wenyue.locale import Locale, Message

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_LINE: Final = 116
# What the title of an export says beside the name of the place.
_OF_TITLES: Final = re.compile(
    r"[(（【\[].*?[)）】\]]|\d{2,4}年?(?:\d{1,2}月)?(?:份)?|(?:预订|预定|预约|订单|订房|客房|门票|入住|客人|住客|明细|清单|"
    r"名单|列表|报表|汇总|导出|数据|记录|表)+$"
)


def map_text(found: Survey, locale: Locale) -> str:
    """The map of a file, TOML. Bookings have a form of their own."""
    lines = _bookings(found, locale) if found.proposal.kind is Kind.BOOKINGS else _columns_map(found, locale)
    return "\n".join(lines) + "\n"


def _head(found: Survey, locale: Locale) -> Iterator[str]:
    yield _comment(
        Message(
            "Proposed for {file}. Look at every line; docs/importing.md explains them.",
            file=found.sheet.path.name,
        ),
        locale,
    )
    missing = found.proposal.missing
    if missing:
        yield _comment(
            Message("No column seems to say what is needed: {fields}", fields=", ".join(missing)), locale
        )


def _columns_map(found: Survey, locale: Locale) -> Iterator[str]:
    kind = found.proposal.kind
    yield from _head(found, locale)
    yield f"kind = {quoted(kind.value)}"
    said = Message("by which numbers are remembered: the same in every run")
    yield f"source = {quoted(kind.value)}  {_comment(said, locale)}"
    yield from ("", "[columns]")
    for guess in found.proposal.columns:
        if guess.field is not None:
            yield f"{guess.field} = {_rule(found, guess)}  {_why(guess, locale)}"
        else:
            yield _comment(Message("{column}: {reason}", column=guess.column, reason=guess.reason), locale)
    yield from _choices(found, locale)
    yield from _unsaid(found, locale)
    for name, words in found.words.items():
        if words:
            yield from ("", f"[words.{name}]")
            yield from _words(kind, name, words, locale)


def _rule(found: Survey, guess: Guess) -> str:
    formats = found.formats.get(guess.field or "", ())
    if not formats:
        return quoted(guess.column)
    return f"{{ column = {quoted(guess.column)}, formats = [{quoted(formats[0])}] }}"


def _choices(found: Survey, locale: Locale) -> Iterator[str]:
    """Dates that can be read in two ways: a person decides."""
    for name, formats in found.formats.items():
        if len(formats) > 1:
            text = Message(
                "{field}: is the day first, or the month? All its values fit {formats}",
                field=name,
                formats=" / ".join(formats),
            )
            yield _comment(text, locale)


def _unsaid(found: Survey, locale: Locale) -> Iterator[str]:
    """What the kind can say and this file does not."""
    kind, said = found.proposal.kind, found.proposal.mapped()
    rest = [field for field in FIELDS[kind] if field.name not in said]
    if rest:
        yield from ("", "[defaults]")
        yield _comment(Message("what no column says may stand here, the same for all rows"), locale)
        yield from (f'# {field.name} = "…"  # {title_of(field, locale)}' for field in rest)


def _words(kind: Kind, field: str, words: Sequence[str], locale: Locale) -> Iterator[str]:
    """Each word with what it usually means; what is not usual stands behind `#`."""
    meanings = sorted(set(USUAL.get((kind, field), {}).values()))
    if meanings:
        yield _comment(
            Message("what the words of the file mean: {meanings}", meanings=", ".join(meanings)), locale
        )
    else:
        yield _comment(Message("what the words of the file are called here"), locale)
    for word in words:
        meaning = meaning_of(kind, field, word)
        yield f"{_key(word)} = {quoted(meaning)}" if meaning else f'# {_key(word)} = "…"'


def _bookings(found: Survey, locale: Locale) -> Iterator[str]:
    """The form that the import of bookings reads: one venue, its products, what each column says."""
    columns = found.proposal.mapped()
    by_field = {one.field: one for one in found.proposal.columns if one.field is not None}
    name = place_of(found)
    code = f"venue-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    yield from _head(found, locale)
    said = Message("by which numbers are remembered: the same in every run, another for each old system")
    yield f"source = {quoted(code)}  {_comment(said, locale)}"
    yield from ("", "[key]")
    if "key" in by_field:
        yield f"columns = [{quoted(columns['key'])}]  {_why(by_field['key'], locale)}"
    else:
        yield "columns = []"
    yield from ("", "[venue]")
    yield f"code = {quoted(code)}  {_comment(Message('its stable name: choose one'), locale)}"
    yield f"name_zh = {quoted(name)}"
    yield 'timezone = "Asia/Shanghai"'
    yield 'currency = "CNY"'
    yield from ("", "[columns]")
    yield from _booking_columns(found, locale)
    yield from ("", "[status]")
    yield from _words(Kind.BOOKINGS, "status", found.words.get("status", ()), locale)
    for word in found.words.get("product", ()):
        yield from ("", f"[products.{_key(word)}]")
        yield f"code = {quoted(_code(word))}"
        yield f"name_zh = {quoted(word)}"
        yield 'capacity = "auto"'


def _booking_columns(found: Survey, locale: Locale) -> Iterator[str]:
    by_field = {one.field: one for one in found.proposal.columns if one.field is not None}
    used = {"key"}

    def line(key: str, field: str, form: str = "{column}") -> Iterator[str]:
        guess = by_field.get(field)
        if guess is not None and field not in used:
            used.add(field)
            yield f"{key} = {form.replace('{column}', quoted(guess.column))}  {_why(guess, locale)}"

    def dated(field: str) -> str:
        formats = found.formats.get(field, ())
        return "{ column = {column}" + (f", formats = [{quoted(formats[0])}] }}" if formats else " }")

    yield from line("arrival", "date", dated("date"))
    if "departure" in by_field:
        yield from line("nights", "departure", dated("departure"))
    else:
        yield from line("nights", "nights")
    yield from line("quantity", "quantity")
    yield from line("product", "product")
    yield from line("status", "status")
    yield from line("status_date", "status_date", dated("status_date"))
    yield from line("booked", "booked", dated("booked"))
    if "total" in by_field:
        yield from line("price", "total", '{ column = {column}, per = "stay" }')
    else:
        yield from line("price", "price", '{ column = {column}, per = "night" }')
    for field in ("adults", "children", "babies", "country"):
        yield from line(field, field)
    for guess in found.proposal.columns:
        if guess.field not in used:
            why = guess.reason if guess.field is None else Message("it says {field}", field=guess.field)
            yield _comment(Message("{column}: {reason}", column=guess.column, reason=why), locale)
    yield from _choices(found, locale)


def place_of(found: Survey) -> str:
    """The name of the place that an export is of: its only venue, what its title says, else the file's name."""
    venues = found.words.get("venue", ())
    if len(venues) == 1:
        return venues[0][:120]
    titles = [one.text for one in found.sheet.above if one.text.strip()]
    for raw in (*titles, found.sheet.path.name.split(".")[0]):
        text = " ".join(unicodedata.normalize("NFKC", raw).split())
        shorter = _OF_TITLES.sub("", _OF_TITLES.sub("", text)).strip(" -_:：")
        if shorter:
            return shorter[:120]
    return found.proposal.kind.value


def _code(word: str) -> str:
    """A code for a product: its name where it can be one, else a digest of it."""
    text = re.sub(r"[^a-z0-9]+", "-", unicodedata.normalize("NFKC", word).casefold()).strip("-")
    return text[:64] if word.isascii() and text else f"p-{hashlib.sha256(word.encode()).hexdigest()[:8]}"


def _why(guess: Guess, locale: Locale) -> str:
    unsure = guess.confidence < SURE_FROM
    text = (
        Message("{confidence} %, please check: {reason}", confidence=guess.confidence, reason=guess.reason)
        if unsure
        else Message("{confidence} %: {reason}", confidence=guess.confidence, reason=guess.reason)
    )
    return _comment(text, locale)


def _comment(text: Message, locale: Locale) -> str:
    said = "".join(one if one.isprintable() else " " for one in text.say(locale))
    return f"# {said}"


def quoted(text: str) -> str:
    """A TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(word: str) -> str:
    """A TOML key."""
    return word if _BARE.fullmatch(word) else quoted(word)
