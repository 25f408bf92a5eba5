"""Who may do what is documented as it is, in both languages; every command says whom it takes."""

from pathlib import Path

from tests.support.every_command import leaves
from wenyue.core.duties import RIGHTS, Right, Role
from wenyue.ops.command_access import COMMANDS, Needs
from wenyue.web.shared.access import access_of
from wenyue.web.wording.duties import RIGHT_WORDS, ROLES, duties_page

PAGE = Path(__file__).parents[2] / "docs" / "duties.md"


def test_the_page_of_duties_is_the_table() -> None:
    taken = {name: right for name, right in COMMANDS.items() if isinstance(right, Right)}
    assert PAGE.read_text(encoding="utf-8") == duties_page(taken), "run scripts/write_duties.py"


def test_a_pin_is_for_the_gate_alone_as_the_page_says() -> None:
    assert "`desk`, `approver` and the other duties confirm as a second person by a code" in PAGE.read_text(
        "utf-8"
    )
    assert {access_of(method, "/gate/pin") for method in ("GET", "POST")} == {Right.GATE_SCAN}
    assert RIGHTS[Right.GATE_SCAN] == {Role.GATE, Role.OPERATOR}


def test_every_role_and_right_has_its_words() -> None:
    assert set(ROLES) == set(Role)
    assert set(RIGHT_WORDS) == set(Right)
    for text in (*ROLES.values(), *RIGHT_WORDS.values()):
        assert len({text.id, text.say("zh-CN"), text.say("en")}) == 3


def test_every_command_says_who_may_run_it_and_takes_their_login() -> None:
    """`--as` exactly where a right of staff opens it: what changes something is somebody's, or the server's."""
    found = dict(leaves())
    assert found.keys() - COMMANDS.keys() == set(), "say in ops/command_access.py who may run it"
    assert COMMANDS.keys() - found.keys() == set(), "there is no such command any more"
    takes = {name for name, options in found.items() if "--as" in options}
    wanted = {name for name, needs in COMMANDS.items() if isinstance(needs, Right)}
    assert wanted - takes == set()
    assert {name for name in takes - wanted if COMMANDS[name] is not Needs.NOTHING} == set()
