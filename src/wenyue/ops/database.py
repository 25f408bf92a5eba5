"""The database of this installation, embedded or the operator's own, made ready for use by a command."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import monotonic

from wenyue.locale.terminal import gettext
from wenyue.platform.config import Settings
from wenyue.platform.database.external import prepare_external
from wenyue.platform.database.migrate import migrate
from wenyue.platform.embedded_server import ServerInfo, ensure_started, is_running, stop


class ReadyDatabase:
    """URLs of a reachable database: ``app_url`` (with ``role`` to assume, '' for none) and ``owner_url``."""

    def __init__(self, settings: Settings, progress: Callable[[str], None]) -> None:
        self._settings = settings
        self._progress = progress
        self._server: ServerInfo | None = None
        self._lost_at: float | None = None
        if settings.database.url:
            external = prepare_external(settings.database.url, settings.database.owner_url, progress=progress)
            self.app_url, self.owner_url, self.role = external.app_url, external.owner_url, external.role
        else:
            self._server = ensure_started(settings.home, progress=progress)
            self.app_url, self.owner_url, self.role = self._server.app_url, self._server.owner_url, ""

    @property
    def server(self) -> ServerInfo | None:
        """The embedded server, or None when the operator's own is used."""
        return self._server

    def keep_running(self, is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Start the embedded server again when it has died; its URLs stay the same. Call it again when it raises.

        Gives up within seconds when `is_wanted` says no. Raises SetupError, OSError or a database's error.
        """
        if self._server is None or is_running(self._server):
            return
        if self._lost_at is None:
            self._lost_at = monotonic()
            self._progress(gettext("the database ended unexpectedly; starting it again"))
        self._server = ensure_started(self._settings.home, progress=self._progress, is_wanted=is_wanted)
        self._progress(
            gettext("the database is back after {seconds} s", seconds=f"{monotonic() - self._lost_at:.1f}")
        )
        self._lost_at = None

    def environment(self) -> dict[str, str]:
        """What a web or worker process needs to know; the owner's URL is not among it."""
        return {
            "WENYUE_HOME": str(self._settings.home),
            "WENYUE_DATABASE_URL": self.app_url,
            "WENYUE_DATABASE_URL_FILE": "",
            "WENYUE_OWNER_DATABASE_URL": "",
            "WENYUE_OWNER_DATABASE_URL_FILE": "",
            "WENYUE_DATABASE_ROLE": self.role,
        }

    def close(self) -> None:
        """Stop the embedded server if this process started it."""
        if self._server is not None:
            stop(self._server)


@contextmanager
def ready_database(settings: Settings, progress: Callable[[str], None]) -> Generator[ReadyDatabase]:
    """The installation's database, started if need be and migrated; what was started here is stopped at the end.

    This is what every command beside ``up`` uses (imports, replays, benchmarks). Raises ``SetupError``.
    """
    database = ReadyDatabase(settings, progress)
    try:
        migrate(database.owner_url, progress=progress)
        yield database
    finally:
        database.close()
