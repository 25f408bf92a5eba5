"""Who may do what is documented as it is, in both languages."""

from pathlib import Path

from wenyue.faces.wording_duties import RIGHT_WORDS, ROLES, duties_page
from wenyue.kernel.duties import Right, Role

PAGE = Path(__file__).parents[2] / "docs" / "duties.md"


def test_the_page_of_duties_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == duties_page(), "run scripts/write_duties.py"


def test_every_role_and_right_has_its_words() -> None:
    assert set(ROLES) == set(Role)
    assert set(RIGHT_WORDS) == set(Right)
    assert all(text.zh and text.en for text in (*ROLES.values(), *RIGHT_WORDS.values()))
