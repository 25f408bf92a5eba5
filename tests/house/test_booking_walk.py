"""On the way of a booking on a page, from its route to the engine and back, nothing calls a layer above its caller."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.api_site import api_site
from tests.support.booking_site import TODAY, BookingSite, site
from tests.support.database import DbUrls
from tests.support.traveller_site import CARD
from tests.support.walk import Walk, layer_ranks, walking
from wenyue.web.api.hot_bookings import HotBookings
from wenyue.web.traveller import cancel_pages, trip_booking

pytestmark = pytest.mark.anyio
__all__ = ["site"]


async def test_a_booking_and_a_cancellation_on_a_page_go_down_the_layers_only(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await one.choose("lake", TODAY + timedelta(days=1))
    form = await one.review()
    with walking(trip_booking.book) as booking:
        assert "预约成功" in await one.submit(form)
    assert {"web", "application", "booking", "platform", "core"} <= set(booking.layers)
    assert any(callee.startswith("booking.engine.batch:") for _, callee in booking.calls)
    assert any(callee == "application.place_booking:place_booking" for _, callee in booking.calls)
    assert booking.returns == []
    await one.get(f"{one.path}/cancel")
    with walking(cancel_pages.cancel) as cancelling:
        await one.submit(one.form(f"{one.path}"))
    assert any(callee.startswith("booking.decisions.changes:") for _, callee in cancelling.calls)
    assert cancelling.returns == []


async def test_a_booking_by_the_api_calls_back_only_to_read_its_body(
    make_database: Callable[[], DbUrls], tmp_path: Path
) -> None:
    async with api_site(make_database, tmp_path) as site:
        who = await site.traveller()
        slot_id = (await site.slots("lake"))[0]["slot_id"]
        with walking(HotBookings.serve) as booking:
            answer = await site.book(who, slot_id)
    assert answer.status_code == 201, answer.text
    assert any(callee.startswith("booking.engine.batch:") for _, callee in booking.calls)
    assert {caller for caller, _ in booking.returns} == {
        "application.place_booking:place_booking",
        "application.place_booking:_place",
    }
    assert all(callee.startswith("web.api.hot_bookings:") for _, callee in booking.returns)


def test_a_call_back_into_a_layer_above_is_found() -> None:
    walk = Walk(trip_booking.book.__code__)
    walk.calls.append(("application.place_booking:_place", "web.traveller.trip_booking:book.<lambda>"))
    walk.calls.append(("web.traveller.trip_booking:book", "application.place_booking:place_booking"))
    assert walk.returns == walk.calls[:1]


def test_every_package_has_its_layer() -> None:
    packages = {path.parent.name for path in (Path(trip_booking.__file__).parents[2]).glob("*/__init__.py")}
    assert packages - {"migrations"} <= layer_ranks().keys()
