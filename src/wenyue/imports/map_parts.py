"""Lines of a map for editing, of whatever kind: how certain a column is, what its words mean, texts as TOML. Pure."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from wenyue.imports.column_maps import SURE_FROM
from wenyue.imports.columns import Kind
from wenyue.imports.guessing import Guess
from wenyue.imports.surveying import Survey
from wenyue.imports.usual_words import USUAL, meaning_of
from wenyue.locale import Locale, Message

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def head_lines(found: Survey, locale: Locale) -> Iterator[str]:
    """What a map begins with."""
    yield comment(
        Message(
            "Proposed for {file}. Look at every line; docs/importing.md explains them.",
            file=found.sheet.path.name,
        ),
        locale,
    )
    missing = found.proposal.missing
    if missing:
        yield comment(
            Message("No column seems to say what is needed: {fields}", fields=", ".join(missing)), locale
        )


def choice_lines(found: Survey, locale: Locale) -> Iterator[str]:
    """Dates that can be read in two ways: a person decides."""
    for name, formats in found.formats.items():
        if len(formats) > 1:
            text = Message(
                "{field}: is the day first, or the month? All its values fit {formats}",
                field=name,
                formats=" / ".join(formats),
            )
            yield comment(text, locale)


def word_lines(kind: Kind, field: str, words: Sequence[str], locale: Locale) -> Iterator[str]:
    """Each word with what it usually means; what is not usual stands behind `#`."""
    meanings = sorted(set(USUAL.get((kind, field), {}).values()))
    if meanings:
        yield comment(
            Message("what the words of the file mean: {meanings}", meanings=", ".join(meanings)), locale
        )
    else:
        yield comment(Message("what the words of the file are called here"), locale)
    for word in words:
        meaning = meaning_of(kind, field, word)
        yield f"{key(word)} = {quoted(meaning)}" if meaning else f'# {key(word)} = "…"'


def why(guess: Guess, locale: Locale) -> str:
    """How certain a column is and why, as a comment."""
    unsure = guess.confidence < SURE_FROM
    text = (
        Message("{confidence} %, please check: {reason}", confidence=guess.confidence, reason=guess.reason)
        if unsure
        else Message("{confidence} %: {reason}", confidence=guess.confidence, reason=guess.reason)
    )
    return comment(text, locale)


def comment(text: Message, locale: Locale) -> str:
    """A comment of TOML, on one line whatever the file says."""
    said = "".join(one if one.isprintable() else " " for one in text.say(locale))
    return f"# {said}"


def quoted(text: str) -> str:
    """A TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(word: str) -> str:
    """A TOML key."""
    return word if _BARE.fullmatch(word) else quoted(word)
