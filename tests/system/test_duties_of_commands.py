"""Every command that takes `--as` × every role × where its duty is: what is allowed happens, what is not changes no table.

Whom a command takes is written in `wenyue.ops.command_access`; tests/house holds that every command has its line there.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.api_site import furnish
from tests.support.checksums import Checksums
from tests.support.command_cells import ORDERS, Desk, may_run
from tests.support.commands import use_installation
from tests.support.database import DbUrls
from wenyue.core.duties import RIGHTS, Right
from wenyue.ops.command_access import COMMANDS
from wenyue.platform.fault import SetupError

TOOLS = sorted({command.partition(" ")[0] for command in ORDERS})


@pytest.fixture
def desk(make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    urls = use_installation(monkeypatch, make_database(), tmp_path)
    monkeypatch.setenv("WENYUE_SECOND_FACTOR", "off")  # test_staff_command.py has the second factor of `--as`
    made = Desk(urls.owner_url, tmp_path)
    asyncio.run(furnish(urls, tmp_path))
    asyncio.run(made.hire())
    return made


def test_every_command_that_takes_a_login_is_asked() -> None:
    taken = {name for name, needs in COMMANDS.items() if isinstance(needs, Right)}
    assert taken == ORDERS.keys(), "say in tests/support/command_cells.py how it is typed"


@pytest.mark.parametrize("tool", TOOLS)
def test_what_is_allowed_happens_and_what_is_not_changes_no_table(tool: str, desk: Desk) -> None:
    sums = Checksums(desk.owner_url)
    for command in (one for one in ORDERS if one.partition(" ")[0] == tool):
        order, right = ORDERS[command], COMMANDS[command]
        assert isinstance(right, Right)
        # A narrower duty does no more than the whole destination's: of a role that has no right, that one is asked.
        clerks = [one for one in desk.clerks if one.role in RIGHTS[right] or one.scope == "destination"]
        allowed = refused = 0
        for clerk in clerks:
            desk.n = next(desk.numbers)
            order.ready(desk)
            words = order.words(desk)
            before = sums.take()
            if may_run(order, right, clerk):
                said = desk.run(command, words, by=clerk.login, typed=order.typed)
                assert sums.changed(before) >= order.changes, (command, clerk, said)
                allowed += 1
            else:
                with pytest.raises(SetupError):
                    desk.run(command, words, by=clerk.login, typed=order.typed)
                assert sums.changed(before) == set(), (command, clerk)
                refused += 1
        desk.tidy()
        assert allowed > 0, f"{command}: a command that nobody may run proves nothing"
        assert refused >= 2, command
    sums.close()
