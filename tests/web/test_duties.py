"""Every route of staff × every role × where its duty is: what is allowed happens, what is not changes no table.

The routes are the application's own: one that has no line in `faces.shared.access`, or no question here, fails.
"""

import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_site import ApiSite, furnish, serve_api, settings_for
from tests.support.checksums import Checksums
from tests.support.database import DbUrls
from tests.support.duty_cells import Cells, Who
from tests.support.duty_questions import MORE, QUESTIONS, Question
from wenyue.core.duties import RIGHTS, Right
from wenyue.web.shared.access import ACCESS
from wenyue.web.shared.access import Who as Open

pytestmark = pytest.mark.anyio
# Where a page sends whoever may not do it there: to sign in, or to choose again.
ELSEWHERE = {"/gate/signin", "/console/signin", "/gate/setup", "/console/changes/new"}
NO_STAFF_NEEDED = {Open.EVERYBODY, Open.TRAVELLER, Open.MACHINE}
# The questions in parts, each a test: the whole takes minutes on a busy machine.
PARTS = ("/v1/", "/gate", "/console/staff", "/console", "")
CATCH_ALL = "/v1/{rest:path}"  # answers 404 whatever is asked


def operations(site: ApiSite) -> Iterator[str]:
    """`METHOD /template` of every route, hot ones included."""
    yield from ("POST /v1/bookings", "GET /v1/availability")
    routes: list[Any] = []
    for one in site.app.rest.routes:
        included = getattr(one, "original_router", None)
        routes += [one] if included is None else included.routes
    for route in routes:
        path = str(route.path)
        for method in route.methods or ():
            if path != CATCH_ALL and not (method == "HEAD" and f"HEAD {path}" not in ACCESS):
                yield f"{method} {path}"


def is_allowed(question: Question, right: Right | Open, who: Who) -> bool:
    """What the table of rights says, worked out by itself."""
    if who.role is None:
        return False
    if right is Open.STAFF:
        return True
    if not isinstance(right, Right) or who.role not in RIGHTS[right]:
        return False
    if question.of_all:
        return who.scope == "destination"
    if question.here and who.scope == "other":
        return False
    return not (question.at_post and who.scope == "other post")


@pytest.fixture
async def cells(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Cells]:
    urls = make_database()
    await furnish(urls, tmp_path)
    settings = settings_for(urls, tmp_path)
    gate = dataclasses.replace(settings.gate, undo_per_place=10_000, undo_per_day=10_000)
    async with serve_api(dataclasses.replace(settings, gate=gate)) as site:
        made = Cells(site, urls.owner_url, Checksums(urls.owner_url))
        await made.furnish()
        yield made
        made.sums.close()


async def test_every_route_has_its_line_and_every_line_its_route(cells: Cells) -> None:
    found = set(operations(cells.site))
    assert found - ACCESS.keys() == set(), "say in web/shared/access.py who may use it"
    assert ACCESS.keys() - found == set(), "there is no such route any more"
    of_staff = {key for key, access in ACCESS.items() if access not in NO_STAFF_NEEDED}
    assert of_staff == QUESTIONS.keys(), "say in tests/support/duty_questions.py how it is asked"


def part_of(key: str) -> str:
    """In which part a question is asked; the last takes every one that no other does."""
    return next(one for one in PARTS if one in key)


@pytest.mark.parametrize("part", PARTS)
async def test_what_is_allowed_happens_and_what_is_not_changes_no_table(cells: Cells, part: str) -> None:
    allowed: dict[str, int] = {key: 0 for key in (*QUESTIONS, *MORE) if part_of(key) == part}
    refused = dict(allowed)
    asked = [(key, question, ACCESS[key]) for key, question in QUESTIONS.items()]
    asked += [(key, question, Right(key.partition(" ")[0])) for key, question in MORE.items()]
    for key, question, right in asked:
        if part_of(key) != part:
            continue
        for who in cells.people:
            await question.ready(cells)
            before = cells.sums.take()
            answer = await question.ask(cells, who)
            changed = cells.sums.changed(before)
            said = (key, who.name, answer.status_code, answer.text[:300])
            if is_allowed(question, right, who):
                assert answer.status_code == question.status, said
                assert question.says in answer.text, said
                assert changed >= question.changes, (*said, changed)
                allowed[key] += 1
            else:
                assert changed == set(), (*said, changed)
                assert answer.status_code in {303, 401, 403, 404, 409, 422}, said
                if answer.status_code == 303:
                    assert answer.headers["location"] in ELSEWHERE, said
                refused[key] += 1
    assert min(allowed.values()) > 0, "a route that nobody may use proves nothing"
    assert min(refused.values()) >= 2


async def test_staff_are_nobody_on_a_travellers_pages(cells: Cells) -> None:
    """Whatever their duty: a traveller's routes change nothing for them."""
    values = {
        "{booking_id}": cells.booking_id,
        "{id}": cells.booking_id,
        "{visitor_id}": "1",
        "{card_id}": str(cells.traveller.card_id),
        "{card_no}": cells.traveller.card_no,
        "{slot_id}": "1",
        "{event}": "golden-week",
    }
    staff = [who for who in cells.people if who.scope == "destination"]
    routes = [key for key, access in ACCESS.items() if access is Open.TRAVELLER]
    assert len(routes) > 40
    for key in routes:
        method, _, path = key.partition(" ")
        for name, value in values.items():
            path = path.replace(name, value)
        for who in staff:
            before = cells.sums.take()
            if path.startswith("/v1/"):
                answer = await cells.api(who, method, path, {})
            else:
                answer = await cells.page(who, method, path, cancel="1", name="x", number="y")
            assert cells.sums.changed(before) == set(), (key, who.name, answer.status_code)
            assert answer.status_code in {303, 401, 403, 404, 405, 422}, (key, who.name, answer.status_code)
