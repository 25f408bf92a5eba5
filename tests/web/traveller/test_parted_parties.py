"""Two changes of one booking at once: each alone would leave an adult with the child, both together would not."""

import asyncio
import re
from datetime import timedelta

import pytest

from tests.support.booking_site import TODAY, BookingSite, site
from tests.support.traveller_site import (
    CARD,
    CHILD_DOCUMENT,
    CHILD_NAME,
    OTHER_DOCUMENT,
    OTHER_NAME,
    Traveller,
)

__all__ = ["site"]
pytestmark = pytest.mark.anyio


async def _two_adults_and_a_child(one: Traveller) -> str:
    """Their booking's path; the child is the last of the party."""
    await one.activate(CARD)
    for name, number in ((OTHER_NAME, OTHER_DOCUMENT), (CHILD_NAME, CHILD_DOCUMENT)):
        await one.get("/visitors/new?back=trip")
        await one.submit(one.form("/visitors/new"), {"name": name, "number": number, "consent": "yes"})
    await one.choose("lake", TODAY + timedelta(days=1))
    await one.get("/trip")
    everybody = re.findall(r'name="visitor" value="(\w+)"', one.page.text)
    await one.submit(one.form("/trip/people"), {"visitor": everybody})
    await one.submit(one.form("/trip/book"))
    assert one.path.startswith("/bookings/")
    return one.path


async def _at_once(one: Traveller, path: str, *forms: dict[str, str]) -> list[int]:
    await one.get("/me")
    token = {"_csrf": one.form("/signout").value("_csrf")}
    answers = await asyncio.gather(*(one.client.post(path, data=token | form) for form in forms))
    return sorted(answer.status_code for answer in answers)


async def test_ux_F6_two_cancellations_at_once_leave_no_child_alone(site: BookingSite) -> None:
    one = site.traveller()
    path = await _two_adults_and_a_child(one)
    forms = [{"visit": "0", "person": person} for person in ("0", "1")]
    assert await _at_once(one, f"{path}/cancel", *forms) == [200, 422]
    assert await site.number("SELECT quantity FROM booking.line WHERE is_live") == 2
    assert await site.number("SELECT sum(sold + held) FROM booking.pool") == 2


async def test_ux_F6_two_moves_at_once_leave_no_child_alone(site: BookingSite) -> None:
    one = site.traveller()
    path = await _two_adults_and_a_child(one)
    days = [str(TODAY + timedelta(days=number)) for number in (4, 5)]
    await one.get(f"{path}/reschedule?day={days[0]}")
    slots = [one.form(f"{path}/reschedule", 1).value("slot")]
    await one.get(f"{path}/reschedule?day={days[1]}")
    slots.append(one.form(f"{path}/reschedule", 1).value("slot"))
    forms = [{"line": "0", "person": str(number), "slot": slot} for number, slot in enumerate(slots)]
    assert await _at_once(one, f"{path}/reschedule", *forms) == [200, 409]
    assert await site.number("SELECT quantity FROM booking.line WHERE is_live AND line_no = 0") == 2
    assert await site.number("SELECT sum(sold + held) FROM booking.pool") == 3
