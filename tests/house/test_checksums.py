"""The checksums of all tables, which the matrices of duties go by."""

from collections.abc import Callable

import psycopg

from tests.support.checksums import Checksums
from tests.support.database import DbUrls


def test_every_way_to_write_is_seen_and_what_is_as_before_is_no_change(
    make_database: Callable[[], DbUrls],
) -> None:
    urls = make_database()
    sums = Checksums(urls.owner_url)
    with psycopg.connect(urls.owner_url, autocommit=True) as tx:
        start = sums.take()
        assert sums.changed(start) == set()
        tx.execute("INSERT INTO accounts.staff (login, password_hash, role) VALUES ('ann', '-', 'operator')")
        hired = sums.take()
        assert sums.changed(start) == {"accounts.staff"}
        tx.execute("UPDATE accounts.staff SET display_name = 'Ann'")
        assert sums.changed(hired) == {"accounts.staff"}
        tx.execute("UPDATE accounts.staff SET display_name = ''")
        assert sums.changed(hired) == set()  # written to, and the same
        with psycopg.connect(urls.owner_url) as slow:
            slow.execute("UPDATE accounts.staff SET display_name = 'Bo'")
            tx.execute("INSERT INTO accounts.staff (login, password_hash, role) VALUES ('eve', '-', 'gate')")
            between = sums.take()
            slow.commit()  # an older transaction ends later
            assert sums.changed(between) == {"accounts.staff"}
        tx.execute("DELETE FROM accounts.staff")
        assert sums.changed(between) == {"accounts.staff"}
        assert sums.changed(start) == set()
    sums.close()
