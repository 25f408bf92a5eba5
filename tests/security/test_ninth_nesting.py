"""What a person sends that is nested deeper than Python's stack is refused as any other mistake, and is never a 500."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.support.api_site import PASSWORD
from tests.support.database import DbUrls
from tests.support.second_factor import Staffed, staffed
from wenyue.accounts.second.passkeys import Place
from wenyue.imports.bookings import read_map
from wenyue.imports.reading import InputError
from wenyue.ops.backup import keys
from wenyue.ops.backup.folder import decoded
from wenyue.ops.backup.model import Backup
from wenyue.ops.backup.vouching import trust_of
from wenyue.ops.standby.state import read_invitation
from wenyue.platform.fault import SetupError
from wenyue.web.shared.caller import DEVICE_HEADER
from wenyue.web.shared.ceremonies import ANSWER_LENGTH_MAX, Signed, read_registration

PLACE: Final = Place("wenyue.test", "https://wenyue.test")
ANSWERS: Final = ("[" * 7_900, '{"id":' * 1_300, '{"id":"AA","rawId":' + "[" * 7_000)
BODIES: Final = ("[" * 60_000, '{"login":' * 6_000, '{"card_no":' * 5_000, '{"a":' * 900 + "1" + "}" * 900)


@pytest.fixture
async def staff(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Staffed]:
    async with staffed(make_database(), tmp_path) as made:
        yield made


def give_passkeys(staff: Staffed) -> None:
    """From now on the installation has an address under which passkeys are good."""
    settings = staff.site.app.services.settings
    web = replace(settings.web, public_url="https://wenyue.test")
    staff.site.app.services.settings = replace(settings, web=web)


@pytest.mark.parametrize("answer", ANSWERS)
def test_security_ninth_F4_a_nested_passkey_answer_is_not_right(answer: str) -> None:
    assert len(answer) <= ANSWER_LENGTH_MAX
    assert read_registration(PLACE, b"c" * 32, answer) is None
    assert Signed(PLACE, b"c" * 32, answer).check([]) is None


@pytest.mark.anyio
async def test_security_ninth_F4_enrolment_and_sign_in_answer_a_nested_passkey(staff: Staffed) -> None:
    await staff.enrolled("bo")
    give_passkeys(staff)
    half = await staff.password("ann")
    answer = {"by": "passkey", "answer": ["[" * 500] * 15}  # in pieces, as the page sends it
    told = await half.submit(half.form("/console/signin/enrolment"), answer, status=422)
    assert "没有设好通行密钥" in told
    again = await staff.password("bo")
    await again.submit(again.form("/console/signin/factor"), answer, status=422)


@pytest.mark.anyio
async def test_security_ninth_F4_no_route_fails_over_a_nested_body(staff: Staffed) -> None:
    kind = {"Content-Type": "application/json", DEVICE_HEADER: "a-device-that-says-it-is-known"}
    paths = staff.site.app.rest.openapi()["paths"]
    posts = [path for path, methods in paths.items() if "post" in methods]
    assert {"/v1/session", "/v1/gate/session", "/v1/gate/scans"} <= set(posts)
    keeper = await staff.site.client.post("/v1/gate/session", json={"login": "gate", "password": PASSWORD})
    no_login: dict[str, str] = {}
    bearers = (no_login, {"Authorization": f"Bearer {keeper.json()['token']}"})
    for path in posts:
        for body in BODIES:
            for bearer in bearers:
                said = await staff.site.client.post(path, content=body, headers=kind | bearer)
                assert said.status_code < 500, (path, body[:20], said.text[:200])


def test_security_ninth_F4_files_that_people_bring_are_refused_by_name(tmp_path: Path) -> None:
    nested = tmp_path / "nested"
    nested.write_text("a = " + "[" * 5_000)
    with pytest.raises(InputError, match="nested"):
        read_map(nested)
    raw = b'{"zz":' * 50_000
    nested.write_bytes(raw)
    with pytest.raises(SetupError, match="isn't an invitation"):
        read_invitation(nested)
    with pytest.raises(SetupError, match="isn't a key file"):
        keys.find({}, nested, tmp_path)
    with pytest.raises(SetupError, match="is damaged"):
        decoded(nested, raw, Backup)
    (tmp_path / "keys.json").write_bytes(raw)
    assert trust_of(tmp_path, {"keys.json": raw.decode()}) is not None
