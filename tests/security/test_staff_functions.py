"""What the application's role may do about staff: by a login that administers, at its venues, and never without a trace."""

from collections.abc import Callable
from typing import Any, Final

import psycopg
import pytest
from psycopg import errors

from tests.support.database import DbUrls
from tests.support.grants import application_statements

ADMIN: Final = ("boss", "administrator", None)
PEOPLE: Final = (ADMIN, ("second", "administrator", 7), ("keeper", "gate", 7), ("op", "operator", None))
HASH: Final = f"scrypt-of$1$14$8$5${'0' * 32}${'0' * 64}"
ACTS: Final = {
    "hire_staff": "SELECT accounts.hire_staff(%(acting)s, 'operator:command', now(), 'mine', %(hash)s, '',"
    " '{administrator}', %(venues)s::bigint[], '{\"\"}')",
    "set_staff_duties": "SELECT accounts.set_staff_duties(%(acting)s, 'operator:command', now(), %(who)s,"
    " '{administrator}', %(venues)s::bigint[], '{\"\"}', false)",
    "retire_staff": "SELECT accounts.retire_staff(%(acting)s, 'operator:command', now(), %(who)s)",
    "reset_staff": "SELECT accounts.reset_staff(%(acting)s, 'operator:command', now(), %(who)s, %(hash)s)",
    "unlock_staff": "SELECT accounts.unlock_staff(%(acting)s, 'operator:command', now(), %(who)s)",
}
OWN: Final = (
    "SELECT accounts.choose_password(%(acting)s, now(), %(hash)s)"  # whoever acts does it to themselves
)
INNER: Final = (
    "SELECT accounts.administrator(NULL, 'x', now())",
    "SELECT accounts.administrator_of(1, NULL, 'x', now())",
    "SELECT accounts.require_venues(NULL, '{}')",
    "SELECT accounts.require_password(NULL, '-')",
    "SELECT accounts.administers_all(1)",
    "SELECT accounts.require_an_administrator()",
    "SELECT accounts.duties_said(1)",
    "SELECT accounts.note_staff(NULL, 'x', now(), 'x', 1, '{}')",
    "SELECT accounts.write_duties(1, '{administrator}', '{NULL}', '{\"\"}', now(), 'x')",
    "SELECT accounts.end_staff_logins(1, now())",
    "SELECT accounts.drop_proofs(NULL, 'x', now(), 1)",
)
WRITTEN: Final = """
    SELECT (SELECT array_agg(s ORDER BY s.id) FROM accounts.staff s)::text, (SELECT array_agg(d) FROM accounts.duty d)::text,
           (SELECT count(*) FROM audit.entry WHERE action <> 'login.staff_started')
"""


class Scene:
    """An installation's staff, each with a login whose token's hash is their name."""

    def __init__(self, urls: DbUrls) -> None:
        self.urls, self.ids = urls, dict[str, int]()
        with psycopg.connect(urls.owner_url, autocommit=True) as tx:
            for login, role, venue in PEOPLE:
                [(id_,)] = tx.execute(
                    "INSERT INTO accounts.staff (login, password_hash, role) VALUES (%s, 'hash', 'gate') RETURNING id",
                    [login],
                ).fetchall()
                tx.execute(
                    "INSERT INTO accounts.duty (staff_id, role, venue_id, granted_by) VALUES (%s, %s, %s, 'test')",
                    [id_, role, venue],
                )
                self.begin(tx, login, id_)
                self.ids[login] = id_

    def begin(self, tx: psycopg.Connection[Any], token: str, staff_id: int) -> None:
        """A login."""
        tx.execute(
            "INSERT INTO accounts.login (token_hash, staff_id, expires_at) VALUES (%s, %s, now() + interval '1 hour')",
            [token.encode(), staff_id],
        )

    def owner(self, statement: str) -> list[tuple[Any, ...]]:
        """As the owner of the database."""
        with psycopg.connect(self.urls.owner_url, autocommit=True) as tx:
            found = tx.execute(statement.encode())
            return found.fetchall() if found.description else []

    def act(
        self,
        name: str,
        acting: str | None,
        who: str = "op",
        venue: int | None = None,
        stored: str | None = HASH,
    ) -> Any:
        """As the application: what the function says."""
        row = {
            "acting": None if acting is None else acting.encode(),
            "who": self.ids[who],
            "venues": [venue],
            "hash": stored,
        }
        with psycopg.connect(self.urls.app_url, autocommit=True) as tx:
            [(said,)] = tx.execute(ACTS[name].encode(), row).fetchall()
            return said


@pytest.fixture
def scene(make_database: Callable[[], DbUrls]) -> Scene:
    return Scene(make_database())


def test_security_M7_every_function_about_staff_is_tried_here() -> None:
    said = " ".join(text for where, text in application_statements() if where.startswith("accounts/staffing"))
    assert {name for name in ACTS if f"accounts.{name}(" in said} == ACTS.keys()
    assert said.count("SELECT accounts.") == len(ACTS) + 1  # and OWN


def test_security_M7_nobody_acts_without_a_login_that_administers(scene: Scene) -> None:
    with psycopg.connect(scene.urls.owner_url, autocommit=True) as tx:
        for token in ("over", "old", "idle"):
            scene.begin(tx, token, scene.ids["boss"])
        tx.execute("UPDATE accounts.login SET ended_at = now() WHERE token_hash = 'over'")
        tx.execute("UPDATE accounts.login SET expires_at = now() WHERE token_hash = 'old'")
        tx.execute(
            "UPDATE accounts.login SET idle_min = 30, used_at = now() - interval '31 min' WHERE token_hash = 'idle'"
        )
        tx.execute(  # a PIN opens a gate, whoever typed it
            "WITH d AS (INSERT INTO accounts.gate_device (venue_id, post, code_until, made_by)"
            " VALUES (7, 'x', now(), 'test') RETURNING id)"
            " INSERT INTO accounts.login (token_hash, staff_id, expires_at, device_id)"
            " SELECT 'pin', %s, now() + interval '1 hour', d.id FROM d",
            [scene.ids["boss"]],
        )
    before = scene.owner(WRITTEN)
    for name in ACTS:
        with pytest.raises(errors.InsufficientPrivilege):
            scene.act(name, None)
        for token in ("op", "keeper", "over", "old", "idle", "pin", "nobody's"):
            assert not scene.act(name, token), (name, token)
    assert scene.owner(WRITTEN) == before
    scene.owner("UPDATE accounts.staff SET is_active = false WHERE login = 'boss'")
    assert not scene.act("hire_staff", "boss")


def test_security_M7_a_login_chooses_the_password_of_whose_it_is_and_ends_their_others(scene: Scene) -> None:
    with psycopg.connect(scene.urls.owner_url, autocommit=True) as tx:
        for token in ("elsewhere", "pin", "over"):
            scene.begin(tx, token, scene.ids["op"])
        tx.execute("UPDATE accounts.login SET ended_at = now() WHERE token_hash = 'over'")
        tx.execute(
            "WITH d AS (INSERT INTO accounts.gate_device (venue_id, post, code_until, made_by)"
            " VALUES (7, 'x', now(), 'test') RETURNING id)"
            " UPDATE accounts.login SET device_id = d.id FROM d WHERE token_hash = 'pin'"
        )
    before = scene.owner(WRITTEN)
    with psycopg.connect(scene.urls.app_url, autocommit=True) as tx:

        def chosen(token: str | None, stored: str = HASH) -> bool:
            row = {"acting": None if token is None else token.encode(), "hash": stored}
            [(said,)] = tx.execute(OWN, row).fetchall()
            return bool(said)

        for token in (None, "pin", "over", "nobody's"):
            assert not chosen(token), token
        for stored in ("-", "plain", HASH.replace("scrypt-of", "scrypt")):
            with pytest.raises(errors.InvalidParameterValue):
                chosen("op", stored)
        assert scene.owner(WRITTEN) == before
        assert chosen("op")
    assert scene.owner("SELECT login FROM accounts.staff WHERE password_hash <> 'hash'") == [("op",)]
    lasting = "SELECT convert_from(token_hash, 'UTF8') FROM accounts.login WHERE ended_at IS NULL ORDER BY 1"
    assert scene.owner(lasting) == [("boss",), ("keeper",), ("op",), ("second",)]
    who = f"staff:{scene.ids['op']}"
    written = "SELECT actor, subject FROM audit.entry WHERE action = 'staff.password_chosen'"
    assert scene.owner(written) == [(who, who)]


def test_security_M7_an_administrator_of_a_venue_touches_nobody_beyond_it(scene: Scene) -> None:
    before = scene.owner(WRITTEN)
    for name in ACTS:
        for venue in (None, 8):
            with pytest.raises(errors.InsufficientPrivilege):
                scene.act(name, "second", venue=venue)
    assert scene.owner(WRITTEN) == before
    assert scene.act("hire_staff", "second", venue=7)
    assert scene.act("reset_staff", "second", who="keeper")


def test_security_eighth_F6_whoever_holds_nothing_is_the_whole_destinations(scene: Scene) -> None:
    """On leave without a duty, somebody's password was a venue's to set; with the next duty it was good for more."""
    scene.owner(
        "DELETE FROM accounts.duty d USING accounts.staff s WHERE s.id = d.staff_id AND s.login = 'op'"
    )
    before = scene.owner(WRITTEN)
    for name in ACTS.keys() - {"hire_staff"}:
        with pytest.raises(errors.InsufficientPrivilege):
            scene.act(name, "second", venue=7)
    assert scene.owner(WRITTEN) == before
    assert scene.act("reset_staff", "boss")


def test_security_ninth_F1_nobody_gives_duties_to_staff_whom_they_do_not_administer(scene: Scene) -> None:
    """Given a duty of the venue and relieved of it, an operator of the destination was signed out everywhere."""
    before = scene.owner(WRITTEN)
    row = {"acting": b"second", "who": scene.ids["op"]}
    given = (
        "SELECT accounts.set_staff_duties(%(acting)s, '', now(), %(who)s, '{operator,gate}', '{NULL,7}',"
        ' \'{"",""}\', false)'
    )
    with (
        psycopg.connect(scene.urls.app_url, autocommit=True) as tx,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        tx.execute(given.encode(), row)
    assert scene.owner(WRITTEN) == before


@pytest.mark.parametrize("name", ACTS)
def test_security_M7_each_act_is_in_the_record_under_whose_login_it_was(scene: Scene, name: str) -> None:
    """Whatever the application says of who acts, and when."""
    said = scene.act(name, "boss")
    assert said
    subject = said if name == "hire_staff" else scene.ids["op"]
    found = scene.owner(
        f"SELECT actor, now() - at < interval '1 min' FROM audit.entry WHERE subject = 'staff:{subject}'"
        " AND action LIKE 'staff.%'"
    )
    assert found == [(f"staff:{scene.ids['boss']}", True)]


def test_security_M7_the_last_administrator_stays_whoever_asks(scene: Scene) -> None:
    for statement in (
        "SELECT accounts.retire_staff(%s, '', now(), %s)",
        "SELECT accounts.set_staff_duties(%s, '', now(), %s, '{operator}', '{NULL}', '{\"\"}', false)",
    ):
        with psycopg.connect(scene.urls.app_url) as tx, pytest.raises(errors.CheckViolation):
            tx.execute(statement.encode(), [b"boss", scene.ids["boss"]])


def test_security_M7_a_login_that_is_somebodys_is_not_taken_over_by_hiring(scene: Scene) -> None:
    hire = "SELECT accounts.hire_staff('boss', '', now(), 'op', %s, '', '{gate}', '{7}', '{\"\"}')"
    with psycopg.connect(scene.urls.app_url) as tx, pytest.raises(errors.UniqueViolation):
        tx.execute(hire.encode(), [HASH])


@pytest.mark.parametrize("name", ["hire_staff", "reset_staff"])
@pytest.mark.parametrize(
    "stored", [None, "", "-", "mine", f"scrypt$16384${'0' * 32}${'0' * 64}", HASH.replace("of$1", "of$0")]
)
def test_security_M7_nobody_chooses_a_password_without_the_key(
    scene: Scene, name: str, stored: str | None
) -> None:
    """Older forms that are good without a key are refused: whoever has the database alone can make those."""
    before = scene.owner(WRITTEN)
    with pytest.raises(errors.InvalidParameterValue):
        scene.act(name, "boss", stored=stored)
    assert scene.owner(WRITTEN) == before


@pytest.mark.parametrize("statement", INNER)
def test_security_M7_what_the_functions_are_made_of_is_not_the_applications(
    scene: Scene, statement: str
) -> None:
    with psycopg.connect(scene.urls.app_url) as tx, pytest.raises(errors.InsufficientPrivilege):
        tx.execute(statement.encode())


def test_the_release_before_reads_the_duties_that_were_given(scene: Scene) -> None:
    """`role` and `venue_ids` follow from the duties: the application cannot say otherwise."""
    scene.act("set_staff_duties", "boss", venue=8)
    assert scene.owner("SELECT role, venue_ids FROM accounts.staff WHERE login = 'op'") == [("admin", [8])]
    scene.act("set_staff_duties", "boss")
    assert scene.owner("SELECT role, venue_ids FROM accounts.staff WHERE login = 'op'") == [("admin", [])]
