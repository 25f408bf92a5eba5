"""Languages stand in catalogues: complete, used, with the parameters of their messages – and nowhere else."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from wenyue.locale.extraction import CALLS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "wenyue"
LABORATORY = ROOT / "lab" / "src" / "wenyue_lab"  # its paths begin with `lab/`
# Files that say Chinese by right: (file, why).
CHINESE_BY_RIGHT = {
    "booking/slots/planning.py": "reasons that the calendar writes into its rows, and finds again",
    "catalogue/search/folding.py": "the range of Chinese characters",
    "catalogue/search/spelling.py": "characters of which the names of places are full",
    "catalogue/search/texts.py": "how provinces, cities and the names of places end",
    "core/documents/divisions.py": "what provinces and documents of theirs are called",
    "core/documents/model.py": "what is printed on a document",
    "core/documents/names.py": "the characters of which names are made",
    "core/documents/others.py": "what is printed on a document",
    "imports/cells.py": "what the files of offices call documents, and a date as they write it",
    "imports/columns.py": "what the files of offices call their columns",
    "imports/countries.py": "countries as offices write them",
    "imports/guessing.py": "how the names of sessions end",
    "imports/booking_lists.py": "what columns and states of an export are called, as imports know them",
    "imports/booking_maps.py": "what the titles of exports say beside a name, and what an only product is called",
    "imports/mapping.py": "what offices write for nothing",
    "imports/reading/heading.py": "totals and notes in the files of offices",
    "imports/regions.py": "the names of provinces",
    "imports/usual_sessions.py": "what offices call parts of the day and kinds of places",
    "web/shared/scenes/kinds.py": "what names of places say is there",
    "imports/usual_words.py": "what the files of offices call states and types",
    "ops/demo/partner_facts.py": "what is said of places that are made up",
    "web/traveller/venue_facts.py": "how operators write ways there and phones",
    "imports/values.py": "units, currencies and times as offices write them",
    "lab/benchmark/dataset.py": "travellers and cards to measure with",
    "lab/benchmark/overload/orders.py": "a traveller of the load",
    "lab/benchmark/wire.py": "a traveller of the load",
    "lab/chaos/acts_quiet.py": "a room's title",
    "lab/chaos/acts_unread.py": "a traveller of the load",
    "lab/chaos/fixtures.py": "a card type's entitlement",
    "lab/dataset.py": "a venue's name",
    "lab/moving_in/destination.py": "a made-up destination",
    "lab/moving_in/follow_up.py": "an old system's words",
    "lab/moving_in/maps.py": "the columns of old systems",
    "lab/moving_in/members.py": "an office's lists",
    "lab/moving_in/model.py": "the words of old systems",
    "lab/moving_in/offers.py": "an office's lists",
    "lab/moving_in/paper.py": "the name of a sheet",
    "lab/moving_in/people.py": "made-up people",
    "lab/moving_in/selling.py": "a kind of document",
    "lab/moving_in/counting.py": "the columns of an export",
    "lab/moving_in/stays.py": "an old system's export",
    "lab/moving_in/tickets.py": "an old system's export",
    "lab/replay/hotel.py": "a room's name, and a guest's",
    "lab/scale/units.py": "a room's title",
    "lab/simulator/fixtures.py": "names of venues and presets",
    "lab/simulator/operators.py": "the reason of a closure",
    "lab/simulator/quiet_spells.py": "a room's title",
    "imports/products.py": "money and what costs nothing, as offices write them",
    "imports/sessions.py": "between two days, as offices write it",
    "imports/venues.py": "levels as offices write them, provinces and weekdays as examples",
    "imports/weekdays.py": "weekdays as offices write them",
    "locale/languages.py": "a language's own name",
    "ops/demo/attractions.py": "the demo's data",
    "ops/demo/loading.py": "the demo's data",
    "ops/demo/other_names.py": "the demo's data",
    "ops/demo/partners.py": "the demo's data",
    "ops/demo/people.py": "the demo's data",
    "ops/waiting_rooms.py": "a room's title in both languages, which it is given",
    "platform/log.py": "the pattern that finds Chinese characters",
    "policy/holidays.py": "the law's names of holidays",
    "policy/model.py": "the law's names of holidays",
    "web/api/openapi_words.py": "examples of travellers and gates",
    "web/api/people.py": "a traveller's name as an example",
    "web/console/holiday_words.py": "the calendar names holidays in Chinese",
    "web/shared/ceremonies.py": "the product's name, as devices keep it beside a passkey",
    "web/shared/i18n.py": "the range of Chinese characters",
    "web/traveller/calendar_views.py": "the calendar names holidays in Chinese",
    "web/wording/duties.py": "the page of duties names a gate",
}
# Classes that hold two languages by right: what programs of others read under these names.
PUBLISHED = {
    "web/api/bodies.py": {"SlotAnswer(label_zh, label_en)", "SlotAnswer(reason_zh, reason_en)"},
    "web/api/venues.py": {"VenueAnswer(name_zh, name_en)", "ProductAnswer(name_zh, name_en)"},
}
HAN = re.compile(r"[\u3400-\u9fff]")


@cache
def catalogues() -> ModuleType:
    """The script that keeps them."""
    found = spec_from_file_location("catalogues", ROOT / "scripts" / "catalogues.py")
    assert found
    assert found.loader
    script = module_from_spec(found)
    sys.modules["catalogues"] = script  # its annotations are looked up there
    found.loader.exec_module(script)
    return script


@cache
def said() -> dict[object, set[str]]:
    """Every message of the source, and where it is said."""
    return catalogues().messages()


def sources(suffix: str) -> dict[str, str]:
    """Every file of the two packages: path → content."""
    return {
        f"{prefix}{path.relative_to(root).as_posix()}": path.read_text(encoding="utf-8")
        for root, prefix in ((SOURCE, ""), (LABORATORY, "lab/"))
        for path in root.rglob(f"*{suffix}")
    }


def test_every_message_has_a_text_in_every_language() -> None:
    script = catalogues()
    assert said()
    assert {folder: script.missing(said(), folder) for folder in script.folders()} == {
        folder: [] for folder in script.folders()
    }


def test_catalogues_are_as_update_leaves_them() -> None:
    assert [str(file) for file in catalogues().stale(said())] == [], "run scripts/catalogues.py update"


def test_texts_have_the_parameters_of_their_message() -> None:
    assert list(catalogues().differing(said())) == []


def two_languages(source: str) -> Iterator[str]:
    """Functions with a parameter for each of two languages, and fields of classes likewise."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            arguments = node.args
            names = [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
            label = getattr(node, "name", "lambda")
        elif isinstance(node, ast.ClassDef):
            names = [
                one.target.id
                for one in node.body
                if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
            ]
            label = node.name
        else:
            continue
        for ending in {name.removesuffix("zh") for name in names if name.removesuffix("zh") != name}:
            if f"{ending}en" in names:
                yield f"{label}({ending}zh, {ending}en)"


def not_literal(source: str) -> Iterator[int]:
    """Lines where a message is made of something that extraction cannot read."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        texts = node.args[: CALLS.get(name, 0)]
        if any(not isinstance(text, ast.Constant) for text in texts):
            yield node.lineno


def test_nothing_holds_two_languages_side_by_side() -> None:
    found = {
        path: set(two_languages(source)) - PUBLISHED.get(path, set())
        for path, source in sources(".py").items()
    }
    assert {path: offences for path, offences in found.items() if offences} == {}


def test_no_statement_names_a_column_for_each_of_two_languages() -> None:
    statements = {path: text for path, text in sources(".sql").items() if not path.startswith("migrations/")}
    assert statements
    assert [path for path, text in statements.items() if re.search(r"\w_en\b", text)] == []


def test_messages_are_literal() -> None:
    passed_on = ("locale/", "platform/program.py", "web/shared/request_context.py")  # gettext itself
    found = {
        path: list(not_literal(source))
        for path, source in sources(".py").items()
        if not path.startswith(passed_on)
    }
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_chinese_stands_in_catalogues_only() -> None:
    found = {
        path: lines
        for suffix, lines_of in ((".py", chinese_in_module), (".html", chinese_in_template))
        for path, source in sources(suffix).items()
        if (lines := list(lines_of(source)))
    }
    assert {path: lines for path, lines in found.items() if path not in CHINESE_BY_RIGHT} == {}
    assert CHINESE_BY_RIGHT.keys() - found.keys() == set(), "nothing Chinese is left there"


def chinese_in_module(source: str) -> Iterator[int]:
    """Lines of texts with a Chinese character; docstrings and comments may show what is said."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in prose else None
        if isinstance(text, str) and HAN.search(text):
            yield getattr(node, "lineno", 0)


def chinese_in_template(source: str) -> Iterator[int]:
    """Lines with a Chinese character outside comments."""
    shown = re.sub(r"\{#.*?#\}", lambda comment: "\n" * comment.group().count("\n"), source, flags=re.DOTALL)
    for number, line in enumerate(shown.splitlines(), 1):
        if HAN.search(line):
            yield number


@pytest.mark.parametrize(
    ("source", "offences"),
    [
        ("def f(zh, en): ...", ["f(zh, en)"]),
        ("class A:\n    title_zh: str\n    title_en: str", ["A(title_zh, title_en)"]),
        ("f = lambda zh, *, en: 0", ["lambda(zh, en)"]),
        ("def f(locale): ...", []),
    ],
)
def test_two_languages_are_seen(source: str, offences: list[str]) -> None:
    assert list(two_languages(source)) == offences


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("Message('a')", []),
        ("x.gettext(f'{a}')", [1]),
        ("Message.plural('a', b, 3)", [1]),
        ("gettext('a', n=n)", []),
    ],
)
def test_what_extraction_cannot_read_is_seen(source: str, lines: list[int]) -> None:
    assert list(not_literal(source)) == lines


def test_chinese_is_seen() -> None:
    assert list(chinese_in_module('"""稳"""\na = 1  # 稳\nb = f"{a}稳"')) == [3]
    assert list(chinese_in_template("{# 稳\n #}a\n稳")) == [3]
