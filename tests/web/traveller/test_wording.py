"""Every outcome is worded completely in both languages, and says what it cost."""

import re
from datetime import UTC, datetime

import pytest

from wenyue.booking import Outcome
from wenyue.locale import Message
from wenyue.web.wording import Taken, say_instant
from wenyue.web.wording.outcomes import WORDS, say

CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
AT = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)


def texts(outcome: Outcome) -> list[Message]:
    words = WORDS[outcome]
    said = [words.title, words.explanation, words.next_step, words.taken.value]
    return said if words.at_note is None else [*said, words.at_note]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_worded_in_both_languages(outcome: Outcome) -> None:
    for text in texts(outcome):
        assert CHINESE.search(text.say("zh-CN")), text
        assert not CHINESE.search(text.say("en")), text
        assert text.say("en")[0].isupper(), text
        assert text.say("zh-CN").strip() == text.say("zh-CN")


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_nothing_is_left_unformatted(outcome: Outcome, locale: str) -> None:
    for at in (None, AT):
        said = say(outcome, locale, at=at, is_change=True)
        assert all("{" not in part for part in (said.title, said.explanation, said.next_step, said.taken))


def test_titles_tell_outcomes_apart() -> None:
    for locale in ("zh-CN", "en"):
        titles = [WORDS[outcome].title.say(locale) for outcome in Outcome]
        assert len(set(titles)) == len(titles)


def test_what_was_taken_agrees_with_the_outcome() -> None:
    for outcome in Outcome:
        taken = WORDS[outcome].taken
        if outcome is Outcome.UNKNOWN:
            assert taken is Taken.UNCERTAIN
        elif outcome.is_success:
            assert taken in {Taken.BOOKED, Taken.HELD, Taken.RETURNED}
        else:
            assert taken in {Taken.NOTHING, Taken.UNCHANGED}


def test_a_refused_change_says_that_the_booking_stands() -> None:
    assert say(Outcome.SOLD_OUT, "zh-CN").taken.startswith("没有占用名额")
    assert say(Outcome.SOLD_OUT, "zh-CN", is_change=True).taken.startswith("原来的预约没有变化")


def test_instants_are_said_on_the_wall_clock_of_the_venue() -> None:
    assert say(Outcome.NOT_RELEASED, "zh-CN", at=AT).explanation.endswith("放票时间：10月1日 08:00。")
    assert say(Outcome.NOT_RELEASED, "en", at=AT).explanation.endswith("It opens 1 Oct, 08:00.")
    assert say_instant(AT, "en", "Asia/Urumqi") == "1 Oct, 06:00"
