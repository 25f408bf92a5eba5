"""Keep the catalogues in step with the source: `scripts/catalogues.py check | update | missing | extract`.

update   brings every message of the source into each language's files and drops what nothing says any more
check    fails when `update` would change a file, or a text is missing or has other parameters than its message
missing  lists what has no text yet, by language
extract  prints every message with the files that say it

A message lies in the file of the one part of the source that says it (`traveller.po`), or in `common.po`; what
`--help` shows in `help.po`. English has texts for stable ids (`outcome.sold_out.title`) only: every other id is its own English.
"""

from __future__ import annotations

import io
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any, Final, NamedTuple, cast

from babel.messages import frontend
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from wenyue.locale import LOCALES, PSEUDO, SOURCE
from wenyue.locale.extraction import HELP

ROOT: Final = Path(__file__).parents[1]
SOURCE_FOLDER: Final = ROOT / "src" / "wenyue"
LABORATORY: Final = ROOT / "lab" / "src" / "wenyue_lab"  # its paths begin with `lab/`
CATALOGUES: Final = SOURCE_FOLDER / "locale" / "catalogues"
COMMON: Final = "common"
STABLE: Final = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+")
KEYWORDS: Final[dict[str, Any]] = {
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_WEB: Final = "web"  # its parts are parts; what they share of wording is common
_WIDTH: Final = 116


class Key(NamedTuple):
    """What names a message."""

    context: str
    id: str
    plural: str = ""

    @property
    def is_stable(self) -> bool:
        """A name, not a sentence: its English stands in the English catalogue."""
        return STABLE.fullmatch(self.id) is not None


Text = str | tuple[str, ...]


def part_of(path: str) -> str:
    """The file for a message said only here: `web/traveller/x.py` → `traveller`, `monitoring/x.py` → `monitoring`."""
    head, *rest = path.split("/")
    if head == _WEB:
        return rest[0] if len(rest) > 1 and rest[0] != "wording" else COMMON
    return head if rest else "commands"


def messages() -> dict[Key, set[str]]:
    """Every message of the source and the files, relative to the package, that say it."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = cast(Any, frontend).parse_mapping_cfg(file)
    found: dict[Key, set[str]] = defaultdict(set)
    for folder, where in ((SOURCE_FOLDER, Path()), (LABORATORY, Path("lab"))):
        for name, _, said, _, context in extract_from_dir(
            folder, methods, options, keywords=KEYWORDS, comment_tags=()
        ):
            one, other = (said, "") if isinstance(said, str) else (said[0], said[1])
            found[Key(context or "", one, other)].add((where / name).as_posix())
    return dict(found)


def texts(folder: str) -> dict[Key, Text]:
    """All texts of a language, from all its files."""
    found: dict[Key, Text] = {}
    for file in sorted((CATALOGUES / folder).glob("*.po")):
        with file.open("rb") as lines:
            for entry in read_po(lines, locale=folder):
                if entry.id and all(entry.string or [""]):  # of a plural: every form
                    ids = cast("str | tuple[str, str]", entry.id)
                    one, other = (ids, "") if isinstance(ids, str) else ids
                    found[Key(entry.context or "", one, other)] = cast(Text, entry.string)
    return found


def files_of(folder: str, said: Mapping[Key, set[str]], known: Mapping[Key, Text]) -> dict[str, str]:
    """The files of a language as they should be: name → content."""
    parts: dict[str, list[Key]] = defaultdict(list)
    for key, paths in said.items():
        if folder != SOURCE or key.is_stable:
            where = {HELP} if key.context == HELP else {part_of(path) for path in paths}
            parts[where.pop() if len(where) == 1 else COMMON].append(key)
    return {f"{part}.po": _written(folder, sorted(keys), known) for part, keys in sorted(parts.items())}


def _written(folder: str, keys: list[Key], known: Mapping[Key, Text]) -> str:
    catalogue = Catalog(locale=folder)
    for key in keys:
        ids = (key.id, key.plural) if key.plural else key.id
        catalogue.add(ids, known.get(key, ""), context=key.context or None)
    out = io.BytesIO()
    write_po(out, catalogue, width=_WIDTH, omit_header=True, no_location=True)
    head = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {folder}\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    )
    return head + out.getvalue().decode().rstrip("\n") + "\n"


def parameters(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def folders() -> list[str]:
    """The folder of every language; the pseudo-language has none."""
    return [language.folder for tag, language in LOCALES.items() if tag != PSEUDO]


def missing(said: Mapping[Key, set[str]], folder: str) -> list[Key]:
    """Messages without a text in the language."""
    known = texts(folder)
    return sorted(key for key in said if (folder != SOURCE or key.is_stable) and not known.get(key))


# Where a language counts otherwise than English: message → parameters that it may have, or do without.
OWN_PARAMETERS: Final[Mapping[str, set[str]]] = {
    "{a} and {m} more": {"n", "m"},
    "{what} and {m} more": {"n", "m"},
}


def differing(said: Mapping[Key, set[str]]) -> Iterator[str]:
    """Texts whose parameters are not those of their message."""
    english = texts(SOURCE)
    for folder in folders():
        for key, text in texts(folder).items():
            if key not in said:
                continue
            source = english.get(key, key.id)
            wanted = set[str]().union(
                *(parameters(one) for one in ([source] if isinstance(source, str) else source))
            )
            wanted |= parameters(key.plural)
            for one in [text] if isinstance(text, str) else text:
                got = parameters(one)
                spare = OWN_PARAMETERS.get(key.id, set[str]()) | ({"n"} if key.plural else set[str]())
                if (got - wanted) - spare or (wanted - got) - spare:
                    yield f"{folder}: {key.id!r} takes {sorted(wanted)}, {one!r} has {sorted(got)}"


def stale(said: Mapping[Key, set[str]]) -> Iterator[Path]:
    """Files that are not as `update` would leave them."""
    for folder in folders():
        wanted = files_of(folder, said, texts(folder))
        for file in (CATALOGUES / folder).glob("*.po"):
            if file.name not in wanted:
                yield file
        for name, content in wanted.items():
            file = CATALOGUES / folder / name
            if not file.is_file() or file.read_text(encoding="utf-8") != content:
                yield file


def update(said: Mapping[Key, set[str]], more: Mapping[str, Mapping[Key, Text]] | None = None) -> None:
    """Write every language's files anew; `more`: texts by folder that no file has yet."""
    for folder in folders():
        known = {**texts(folder), **(more or {}).get(folder, {})}
        wanted = files_of(folder, said, known)
        for file in (CATALOGUES / folder).glob("*.po"):
            if file.name not in wanted:
                file.unlink()
        for name, content in wanted.items():
            (CATALOGUES / folder).mkdir(exist_ok=True)
            (CATALOGUES / folder / name).write_text(content, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """The command; 1 when `check` or `missing` found something."""
    said = messages()
    problems: list[str] = []
    match arguments:
        case ["update"]:
            update(said)
        case ["missing"]:
            problems = [f"{folder}: {key.id}" for folder in folders() for key in missing(said, folder)]
        case ["check"]:
            problems = [
                f"{folder}: no text for {key.id!r}" for folder in folders() for key in missing(said, folder)
            ]
            problems += differing(said)
            problems += [
                f"{file.relative_to(ROOT)}: run scripts/catalogues.py update" for file in stale(said)
            ]
        case ["extract"]:
            for key, paths in sorted(said.items()):
                print(f"{key.context + ' | ' if key.context else ''}{key.id}\t{' '.join(sorted(paths))}")
        case _:
            print(__doc__)
            return 2
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
