"""What a seventh attack found at the gate: what strangers book for somebody hides nothing that this person has."""

from collections.abc import Sequence
from datetime import timedelta

import psycopg
import pytest

from tests.security.test_claims import booked, owner
from tests.security.test_sixth_claims import shown, slot_now
from tests.support.api_site import Person
from tests.support.card_desk import Desk, sign_in
from tests.support.traveller_site import DAILY_CARD, DOCUMENT, NOW
from wenyue.core.ids import uuid7

pytestmark = pytest.mark.anyio
_STRANGER = "440524198001010013"


async def _shuttle(desk: Desk, departures: int) -> Sequence[int]:
    """Sessions of a second product of the lake, today: nobody keeps one from riding twice."""
    made: list[int] = []
    async with await psycopg.AsyncConnection.connect(desk.urls.owner_url) as tx:
        rows = await tx.execute(
            "INSERT INTO catalogue.product (venue_id, code, kind, name, price_minor, policy_code,"
            " needs_visitors, person_rule)"
            " SELECT v.id, 'shuttle', 'seat', jsonb_build_object('zh-CN', '接驳车'), 0, 'default', true, 'slot'"
            " FROM catalogue.venue v"
            " WHERE v.code = 'lake' RETURNING id, venue_id"
        )
        [(product, venue)] = await rows.fetchall()
        for number in range(departures):
            at = NOW + timedelta(hours=2, minutes=10 * number)
            row = {
                "venue": venue,
                "product": product,
                "day": NOW.date(),
                "at": at,
                "until": at + timedelta(minutes=9),
            }
            rows = await tx.execute(
                "WITH pool AS (INSERT INTO booking.pool (kind, venue_id, product_id, on_date, starts_at, capacity)"
                " VALUES ('session', %(venue)s, %(product)s, %(day)s, %(at)s, 50) RETURNING id)"
                " INSERT INTO booking.slot (product_id, venue_id, on_date, starts_at, ends_at, release_at,"
                " closes_at, price_minor, pool_ids)"
                " SELECT %(product)s, %(venue)s, %(day)s, %(at)s, %(until)s, %(at)s - interval '7 days', %(at)s, 0,"
                " ARRAY[id] FROM pool RETURNING id",
                row,
            )
            made += [slot for (slot,) in await rows.fetchall()]
    return made


async def _stranger(desk: Desk) -> Person:
    made = await desk.post(
        "/v1/cards/activation",
        {"card_no": DAILY_CARD[0], "pin": DAILY_CARD[1], "name": "赵小贼", "number": _STRANGER},
    )
    assert made.status_code == 201, made.text
    return Person((await sign_in(desk, *DAILY_CARD)).json()["token"], made.json()["holder_id"])


async def test_security_seventh_H3_many_bookings_of_a_stranger_hide_nobodys_own(desk: Desk) -> None:
    me, keeper = await owner(desk), await desk.site.staff()
    own = await booked(desk, me, await slot_now(desk))
    assert own.status_code == 201, own.text
    stranger = await _stranger(desk)
    slots = await _shuttle(desk, 80)
    # The rows of eighty such bookings: the limits of one account would take days to reach so many over the API.
    first = await desk.post(
        "/v1/bookings",
        {
            "id": f"00000000-0001-7fff-bfff-{0:012x}",
            "lines": [{"slot_id": slots[0], "visitors": [0], "price_minor": 0}],
            "visitors": [{"name": "不是本人", "number": DOCUMENT}],
        },
        stranger,
    )
    assert first.status_code == 201, first.text
    async with await psycopg.AsyncConnection.connect(desk.urls.owner_url) as tx:
        for number, slot in enumerate(slots[1:], 1):
            ids = {"old": first.json()["id"], "new": f"00000000-0001-7fff-bfff-{number:012x}", "slot": slot}
            for table, ident in (("booking", "id"), ("line", "booking_id"), ("place", "booking_id")):
                named = (
                    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                    " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
                )
                found = await (await tx.execute(named, (f"booking.{table}",))).fetchall()
                columns = [str(column) for (column,) in found]
                put = {ident: "%(new)s::uuid", "slot_id": "%(slot)s::bigint", "scope": "%(slot)s::bigint"}
                chosen = ", ".join(put.get(one, one) for one in columns)
                copy = (
                    f"INSERT INTO booking.{table} ({', '.join(columns)}) SELECT {chosen}"
                    f" FROM booking.{table} WHERE {ident} = %(old)s"
                )
                await tx.execute(copy.encode(), ids)
    answer = await shown(desk, keeper, DOCUMENT)
    assert (answer["admitted"], answer["booking_id"]) == (True, own.json()["id"])


async def test_security_seventh_M3_invented_nationalities_hide_no_holder(desk: Desk) -> None:
    def body(slot: int, nationality: str, name: str) -> dict[str, object]:
        visitor = {
            "name": name,
            "kind": "passport",
            "number": "X1234567",
            "nationality": nationality,
            "expires_on": "2031-01-01",
        }
        line = {"slot_id": slot, "visitors": [0], "price_minor": 0}
        return {"id": str(uuid7()), "lines": [line], "visitors": [visitor]}

    me, keeper = await owner(desk), await desk.site.staff()
    own = await desk.post("/v1/bookings", body(await slot_now(desk), "USA", "Jane Roe"), me)
    assert own.status_code == 201, own.text
    stranger = await _stranger(desk)
    nationalities = ["AFG", "ALB", "DZA", "AND", "AGO", "ATG"]
    for ahead in range(1, 14):
        slots = await desk.site.slots("lake", NOW.date() + timedelta(days=ahead))
        if not slots or not nationalities:
            continue
        made = await desk.post(
            "/v1/bookings", body(slots[0]["slot_id"], nationalities[0], "Some Body"), stranger
        )
        if made.status_code == 201:
            nationalities.pop(0)
    assert len(nationalities) <= 1
    answer = await shown(desk, keeper, "X1234567")
    choices = {one["booking_id"] for one in answer["choices"]}
    assert own.json()["id"] in choices | {answer["booking_id"]}
