"""Languages: which one somebody reads, what is said in it, how a message waits for its reader, how dates are written."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup

from wenyue.locale import Message, Translations, catalogues, command_locale, locale_named, negotiate, say
from wenyue.locale.catalogues import Catalogue
from wenyue.locale.extraction import modules, templates
from wenyue.locale.formats import (
    say_ago,
    say_clock,
    say_date,
    say_day,
    say_full_date,
    say_instant,
    say_list,
    say_money,
    say_month,
    say_number,
    say_weekday,
)
from wenyue.locale.pseudo import mark
from wenyue.locale.templates import EXTENSIONS, prepare

CHINESE = Translations(
    "zh-CN",
    Catalogue(
        texts={"Left: {n}": "还剩{n}个", "verb\x04Open": "打开", "a.b": "甲"},
        plurals={"{n} place": ("{n}个名额",)},
        form_of=lambda _: 0,
    ),
    Translations("en", Catalogue(texts={"a.c": "Only English"})),
)


@pytest.mark.parametrize(
    ("tag", "locale"),
    [
        ("en", "en"),
        ("EN-gb", "en"),
        ("en_US", "en"),
        ("zh", "zh-CN"),
        ("zh-Hant-TW", "zh-CN"),
        ("zh_CN", "zh-CN"),
        ("de", None),
        ("", None),
        ("e", None),
        ("english", None),
        ("C", None),
    ],
)
def test_a_tag_names_a_language(tag: str, locale: str | None) -> None:
    assert locale_named(tag) == locale


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("", None),
        ("*", None),
        ("de", None),
        ("en-US,en;q=0.9", "en"),
        ("de, en;q=0.5, zh;q=0.7", "zh-CN"),
        ("zh;q=0, en;q=0.1", "en"),
        ("en;q=0.5,zh;q=0.5", "en"),
        ("en;q=2, zh;q=0.1", "zh-CN"),
        ("en;q=x, zh", "zh-CN"),
        ("en;q=nan, zh;q=0.2", "zh-CN"),
        (";;,,=;q=", None),
    ],
)
def test_accept_language_prefers(header: str, locale: str | None) -> None:
    assert negotiate(header) == locale


@given(st.text(max_size=600))
def test_no_header_breaks_it(header: str) -> None:
    assert negotiate(header) in {"zh-CN", "en", None}


@pytest.mark.parametrize(
    ("environ", "locale"),
    [
        ({}, "zh-CN"),
        ({"LANG": "C.UTF-8"}, "zh-CN"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh-CN"),
        ({"LC_ALL": "de_DE.UTF-8", "LC_MESSAGES": "en_IE"}, "en"),
        ({"WENYUE_LANG": "en", "LC_ALL": "zh_CN.UTF-8"}, "en"),
        ({"WENYUE_LANG": "", "LANG": "en"}, "en"),
    ],
)
def test_the_command_line_speaks(environ: dict[str, str], locale: str) -> None:
    assert command_locale(environ) == locale


def test_gettext_says_the_language_then_english_then_the_id() -> None:
    assert CHINESE.gettext("Left: {n}", n=3) == "还剩3个"
    assert CHINESE.gettext("a.b") == "甲"
    assert CHINESE.gettext("a.c") == "Only English"
    assert CHINESE.gettext("Nobody translated {x}", x=1) == "Nobody translated 1"
    assert CHINESE.pgettext("verb", "Open") == "打开"
    assert CHINESE.gettext("Open") == "Open"


def test_plurals_take_the_form_of_the_language() -> None:
    assert [CHINESE.ngettext("{n} place", "{n} places", n) for n in (1, 2)] == ["1个名额", "2个名额"]
    english = Translations("en", Catalogue())
    assert [english.ngettext("{n} place", "{n} places", n) for n in (0, 1, 2)] == [
        "0 places",
        "1 place",
        "2 places",
    ]


def test_a_parameter_that_is_markup_makes_the_rest_text() -> None:
    said = CHINESE.gettext("A & {link} <{x}>", link=Markup("<a>b</a>"), x="<i>")
    assert said == Markup("A &amp; <a>b</a> &lt;&lt;i&gt;&gt;")
    assert isinstance(said, Markup)
    assert CHINESE.gettext("A & {x}", x="<i>") == "A & <i>"


def test_a_message_waits_for_its_reader() -> None:
    updated = Message("Updated {n}s ago", n=3)
    assert (updated.say("en"), updated.say("zh-CN")) == ("Updated 3s ago", "3秒前更新")
    assert Message("Updated {n}s ago").say("zh-CN") == "{n}秒前更新"
    assert Message("Updated {n}s ago").say("zh-CN", n=4) == "4秒前更新"
    assert Message("Updated {n}s ago").filled(n=5).say("en") == "Updated 5s ago"
    assert Message.plural("{n} place", "{n} places", 1).say("en") == "1 place"
    assert Message.plural("{n} place", "{n} places", 1).about(3).say("en") == "3 places"
    assert Message("{what}!", what=updated).say("zh-CN") == "3秒前更新!"
    assert (say(updated, "en"), say("as it is", "en")) == ("Updated 3s ago", "as it is")


def test_messages_that_say_the_same_are_equal() -> None:
    assert Message("a {n}", n=1) == Message("a {n}", n=1) != Message("a {n}", n=2)
    assert Message.in_context("verb", "Open") != Message("Open")
    assert len({Message("a"), Message("a"), Message("b")}) == 2


def test_a_message_without_a_language_is_no_text() -> None:
    with pytest.raises(TypeError, match="say"):
        str(Message("Sold out"))


def test_dates_and_numbers() -> None:
    day, at = date(2026, 10, 2), datetime(2026, 10, 1, 0, 5, tzinfo=UTC)
    zh = (
        say_day(day, "zh-CN"),
        say_date(day, "zh-CN"),
        say_full_date(day, "zh-CN"),
        say_month(day, "zh-CN"),
        say_weekday(day, "zh-CN"),
        say_instant(at, "zh-CN"),
        say_clock(at, "zh-CN"),
    )
    assert zh == ("10月2日", "10月2日 周五", "2026年10月2日", "10月", "五", "10月1日 08:05", "08:05")
    en = (
        say_day(day, "en"),
        say_date(day, "en"),
        say_full_date(day, "en"),
        say_month(day, "en"),
        say_weekday(day, "en"),
        say_instant(at, "en"),
        say_clock(at, "en"),
    )
    assert en == ("2 Oct", "Fri 2 Oct", "2 Oct 2026", "Oct", "Fri", "1 Oct, 08:05", "08:05")
    money = [say_money(minor, "en") for minor in (0, 12000, 12050, 123456700)]
    assert money == ["¥0", "¥120", "¥120.50", "¥1,234,567"]
    assert say_money(5, "zh-CN", "CHF") == "CHF 0.05"
    assert say_number(12345, "en") == "12,345"
    assert (say_list(["甲", "乙", "丙"], "zh-CN"), say_list(["A", "B"], "en")) == ("甲、乙和丙", "A and B")
    ages = [say_ago(timedelta(seconds=s), "en") for s in (-5, 1, 30, 150)]
    assert ages == ["Updated just now", "Updated just now", "Updated 30s ago", "Updated 2 min ago"]


def test_the_pseudo_language_keeps_parameters_and_shows_its_ends() -> None:
    assert mark("Sold {n} of {total}").startswith("[!!")
    assert re.findall(r"\{\w+\}", mark("Sold {n} of {total}")) == ["{n}", "{total}"]
    assert len(mark("Twelve words")) > len("Twelve words") * 1.3
    assert mark("") == ""
    assert mark("A <b>{n}</b> &amp; more").startswith("[!!Å <b>{n}</b> &amp; ")


TEMPLATE = (
    '{{ _("A & {n}", n=x) }}|{% trans n=x, m=y %}<b>{{ n }}</b> 100% {{ m }}{% endtrans %}|'
    '{% trans n=count %}{{ n }} place{% pluralize n %}{{ n }} places{% endtrans %}|{{ pgettext("verb", "Open") }}'
    '{% macro again() %}{{ _("In a macro") }}{% endmacro %}{{ again() }}'
)


def test_templates_speak_with_brace_parameters() -> None:
    environment = Environment(extensions=EXTENSIONS, autoescape=True)
    prepare(environment, "en")
    page = environment.from_string(TEMPLATE).render(x="<i>", y="<u>", count=1)
    assert page == "A &amp; &lt;i&gt;|<b>&lt;i&gt;</b> 100% &lt;u&gt;|1 place|OpenIn a macro"


def test_extraction_finds_what_templates_say() -> None:
    found = [
        (function, texts) for _, function, texts, _ in templates(io.BytesIO(TEMPLATE.encode()), (), (), {})
    ]
    assert found == [
        ("gettext", ("A & {n}", None)),
        ("gettext", ("<b>{n}</b> 100% {m}", None, None)),
        ("ngettext", ("{n} place", "{n} places", None, None)),
        ("pgettext", ("verb", "Open")),
        ("gettext", "In a macro"),
    ]


MODULE = """
A = Message("One {x}", x=f"{1}")
B = asked.gettext("Two " "halves")
C = Message.plural("{n} place", "{n} places", count(ngettext))
D = [Message.in_context("verb", "Open"), Message(name), gettext(f"{x}"), counted, _]
"""


def test_extraction_finds_what_modules_say() -> None:
    found = [(function, texts) for _, function, texts, _ in modules(io.BytesIO(MODULE.encode()), (), (), {})]
    assert sorted(found) == [
        ("gettext", "One {x}"),
        ("gettext", "Two halves"),
        ("ngettext", ("{n} place", "{n} places")),
        ("pgettext", ("verb", "Open")),
    ]


def test_a_plural_that_nobody_wrote_yet_is_said_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = 'msgid "{n} gate"\nmsgid_plural "{n} gates"\nmsgstr[0] ""\n'

    def parts(folder: str) -> list[object]:
        return [read_po(io.BytesIO(entry.encode()), locale=folder)]

    monkeypatch.setattr(catalogues, "_parts", parts)
    unwritten = Translations("zh-CN", catalogues.read_catalogue("zh-CN"), Translations("en", Catalogue()))
    assert unwritten.ngettext("{n} gate", "{n} gates", 2) == "2 gates"
