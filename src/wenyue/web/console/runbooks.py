"""Runbooks as pages, so that they are one tap away: the Markdown of docs/runbooks, of which a small part is understood.

English stands in that folder, another language in a folder of its tag; what a language lacks is shown in English. An
installed package has no docs folder; then the page says where the text stands.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from markupsafe import Markup, escape

import wenyue
from wenyue.locale import Locale, Message, say
from wenyue.locale.languages import LOCALES, SOURCE

_FOLDER: Final = Path(wenyue.__file__).parents[2] / "docs" / "runbooks"
_NAME: Final = re.compile(r"[a-z0-9-]{1,60}")
_MARKED: Final = re.compile(
    r"`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([a-z0-9-]+)(?:\.md)?\)"
)  # code, bold, a link
_AFTER_WIDE: Final = re.compile(r"([，。；：、）”]) ")
_BYTES_MAX: Final = 64 * 1024
_HEADINGS: Final = {
    "What people see": Message("What people see"),
    "Check": Message.in_context("in a runbook", "Check"),
    "Fix": Message("Fix"),
    "Afterwards": Message("Afterwards"),
}


class Page(NamedTuple):
    """A runbook: its title, what stands below it, and the language of both."""

    title: str
    body: Markup
    lang: Locale


def runbook(name: str, locale: Locale) -> Page | None:
    """The page in the language, or in English; None when there is no such page here."""
    if not _NAME.fullmatch(name):
        return None
    return _read(name, locale)


def runbook_names() -> list[str]:
    """Every page that is here, in the order of their names."""
    return sorted(path.stem for path in _FOLDER.glob("*.md") if _NAME.fullmatch(path.stem))


@lru_cache(maxsize=128)
def _read(name: str, locale: Locale) -> Page | None:
    own = _FOLDER / locale / f"{name}.md"
    lang = locale if locale in LOCALES and own.is_file() else SOURCE
    path = own if lang != SOURCE else _FOLDER / f"{name}.md"
    try:
        lines = path.read_text(encoding="utf-8")[:_BYTES_MAX].splitlines()
    except OSError:
        return None
    title = lines[0].removeprefix("#").strip() if lines and lines[0].startswith("# ") else name
    return Page(title.rpartition(" · ")[2], page_of(lines[1:], locale), lang)


def page_of(lines: list[str], locale: Locale) -> Markup:
    """Headings, paragraphs, lists and blocks of commands; everything else is shown as it is written."""
    parts: list[Markup] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("```"):
            end = next((n for n in range(at + 1, len(lines)) if lines[n].startswith("```")), len(lines))
            parts.append(Markup("<pre><code>{}</code></pre>").format("\n".join(lines[at + 1 : end])))
            at = end + 1
        elif line.startswith("#"):
            level = min(4, max(2, len(line) - len(line.lstrip("#"))))
            heading = line.lstrip("#").strip()
            text = _inline(say(_HEADINGS.get(heading, heading), locale))
            parts.append(Markup("<h{0}>{1}</h{0}>").format(level, text))
            at += 1
        elif re.match(r"\s*(?:[-*]|\d+\.) ", line):
            items, at = _block(lines, at, r"\s*(?:[-*]|\d+\.) ")
            parts.append(
                Markup("<ul>{}</ul>").format(
                    Markup("").join(Markup("<li>{}</li>").format(_inline(one)) for one in items)
                )
            )
        elif not line.strip():
            at += 1
        else:
            end = at
            while (
                end < len(lines)
                and lines[end].strip()
                and not re.match(r"```|#|\s*(?:[-*]|\d+\.) ", lines[end])
            ):
                end += 1
            parts.append(Markup("<p>{}</p>").format(_inline(_joined(lines[at:end]))))
            at = end
    return Markup("\n").join(parts)


def _block(lines: list[str], at: int, mark: str) -> tuple[list[str], int]:
    """The items of a list, each with the lines that continue it."""
    items: list[str] = []
    while at < len(lines) and lines[at].strip() and not lines[at].startswith(("#", "```")):
        if found := re.match(mark, lines[at]):
            items.append(lines[at][found.end() :])
        else:
            items[-1] = _joined([items[-1], lines[at].strip()])
        at += 1
    return items, at


def _joined(lines: list[str]) -> str:
    """Lines of one paragraph: Chinese goes on without a blank after its wide punctuation."""
    return _AFTER_WIDE.sub(r"\1", " ".join(lines))


def _inline(text: str) -> Markup:
    """Code, bold and links to other pages."""
    parts: list[Markup] = []
    at = 0
    for found in _MARKED.finditer(text):
        parts += escape(text[at : found.start()]), _marked(found)
        at = found.end()
    return Markup("").join([*parts, escape(text[at:])])


def _marked(found: re.Match[str]) -> Markup:
    code, bold, label, page = found.groups()
    if code:
        return Markup("<code>{}</code>").format(code)
    if bold:
        return Markup("<strong>{}</strong>").format(_inline(bold))
    return Markup('<a href="/console/runbooks/{}">{}</a>').format(page, _inline(label))
