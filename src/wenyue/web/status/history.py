"""What the status page remembers: seconds per day and component, incidents. An SQLite file in the home, bounded.

Writing may fail (a full disk): the page goes on, and says what it knows from memory.
"""

import json
import sqlite3
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

from wenyue.locale import DEFAULT, SOURCE, Texts
from wenyue.web.status.model import Automatic, Day, Incident, Note, State
from wenyue.web.status.wording import say_note, say_title

DAYS_KEPT: Final = 400
INCIDENTS_MAX: Final = 500
NOTES_PER_INCIDENT_MAX: Final = 50
SHOWN_MAX: Final = 30
TITLE_MAX: Final = 120
TEXT_MAX: Final = 1_000
WAIT_S: Final = 3.0
NOTE_STATES: Final = ("investigating", "identified", "watching", "resolved")
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS day (
    day TEXT NOT NULL, component TEXT NOT NULL, ok_s REAL NOT NULL, slow_s REAL NOT NULL, down_s REAL NOT NULL,
    PRIMARY KEY (day, component)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS incident (
    id TEXT PRIMARY KEY, component TEXT NOT NULL, opened_at TEXT NOT NULL, closed_at TEXT, is_automatic INTEGER NOT NULL,
    title_zh TEXT NOT NULL, title_en TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS incident_opened ON incident (opened_at);
CREATE TABLE IF NOT EXISTS note (
    incident_id TEXT NOT NULL REFERENCES incident, at TEXT NOT NULL, state TEXT NOT NULL, zh TEXT NOT NULL, en TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS note_incident ON note (incident_id, at);
"""
# What was written in each language, as JSON, or the name of an Automatic. The columns for two languages stay filled while the
# release before may read them, and are read where it wrote.
_ADDED: Final = ("texts", "automatic")
_COLUMNS: Final = (DEFAULT, SOURCE)  # `…zh` and `…en`
_AUTOMATIC: Final = {one.value: one for one in Automatic}


class History:
    """The file `status.db` in `folder`; every call opens it anew, so a command and the page may write in turn."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "status.db"

    def add_seconds(self, day: date, seconds: Mapping[tuple[str, State], float]) -> None:
        """Add seconds of states to a day's components; forget what is older than DAYS_KEPT. Raises sqlite3.Error, OSError."""
        columns = {State.OK: "ok_s", State.SLOW: "slow_s", State.DOWN: "down_s"}
        with self._open() as file:
            for (component, state), amount in seconds.items():
                if state in columns:
                    row = {"ok_s": 0.0, "slow_s": 0.0, "down_s": 0.0} | {columns[state]: amount}
                    file.execute(
                        "INSERT INTO day (day, component, ok_s, slow_s, down_s) VALUES (?, ?, ?, ?, ?)"
                        " ON CONFLICT DO UPDATE SET ok_s = ok_s + excluded.ok_s, slow_s = slow_s + excluded.slow_s,"
                        " down_s = down_s + excluded.down_s",
                        (day.isoformat(), component, row["ok_s"], row["slow_s"], row["down_s"]),
                    )
            file.execute("DELETE FROM day WHERE day < ?", ((day - timedelta(days=DAYS_KEPT)).isoformat(),))

    def days(self, component: str, since: date) -> dict[date, Day]:
        """The days of a component since then. Raises sqlite3.Error, OSError."""
        with self._open() as file:
            rows = file.execute(
                "SELECT day, ok_s, slow_s, down_s FROM day WHERE component = ? AND day >= ?",
                (component, since.isoformat()),
            ).fetchall()
        return {date.fromisoformat(row[0]): Day(date.fromisoformat(row[0]), *row[1:]) for row in rows}

    def open_incident(self, incident: Incident) -> str:
        """Add an incident with its first note; returns its id. The oldest closed ones go beyond INCIDENTS_MAX."""
        id_ = incident.id or uuid4().hex[:10]
        with self._open() as file:
            file.execute(
                "INSERT INTO incident (id, component, opened_at, closed_at, is_automatic, title_zh, title_en, texts, automatic)"
                " VALUES (?, ?, ?, NULL, ?, ?, ?, ?, ?)",
                (
                    id_,
                    incident.component,
                    incident.opened_at.isoformat(),
                    int(incident.is_automatic),
                    *(say_title(incident, locale)[:TITLE_MAX] for locale in _COLUMNS),
                    *_kept(incident.title, TITLE_MAX),
                ),
            )
            for note in incident.notes:
                _add_note(file, id_, note)
            old = "SELECT id FROM incident WHERE closed_at IS NOT NULL ORDER BY opened_at DESC LIMIT -1 OFFSET ?"
            gone = [row[0] for row in file.execute(old, (INCIDENTS_MAX,)).fetchall()]
            for one in gone:
                file.execute("DELETE FROM note WHERE incident_id = ?", (one,))
                file.execute("DELETE FROM incident WHERE id = ?", (one,))
        return id_

    def add_note(self, id_: str, note: Note) -> bool:
        """Tell more about an incident; `resolved` closes it. False when there is no such open incident."""
        with self._open() as file:
            row = file.execute("SELECT closed_at FROM incident WHERE id = ?", (id_,)).fetchone()
            if row is None or row[0] is not None:
                return False
            [(count,)] = file.execute("SELECT count(*) FROM note WHERE incident_id = ?", (id_,)).fetchall()
            if count >= NOTES_PER_INCIDENT_MAX and note.state != "resolved":
                return False
            _add_note(file, id_, note)
            if note.state == "resolved":
                file.execute("UPDATE incident SET closed_at = ? WHERE id = ?", (note.at.isoformat(), id_))
        return True

    def incidents(self, limit: int = SHOWN_MAX) -> list[Incident]:
        """Open ones first, then the newest. Raises sqlite3.Error, OSError."""
        with self._open() as file:
            rows = file.execute(
                "SELECT id, component, opened_at, closed_at, is_automatic, title_zh, title_en, texts, automatic"
                " FROM incident ORDER BY closed_at IS NOT NULL, opened_at DESC LIMIT ?",
                (limit,),
            ).fetchall()
            notes = {
                row[0]: file.execute(
                    "SELECT at, state, zh, en, texts, automatic FROM note"
                    " WHERE incident_id = ? ORDER BY at DESC, rowid DESC LIMIT ?",
                    (row[0], NOTES_PER_INCIDENT_MAX),
                ).fetchall()
                for row in rows
            }
        return [
            Incident(
                id=row[0],
                component=row[1],
                opened_at=datetime.fromisoformat(row[2]),
                closed_at=datetime.fromisoformat(row[3]) if row[3] else None,
                is_automatic=bool(row[4]),
                title=_read(*row[5:]),
                notes=tuple(
                    Note(datetime.fromisoformat(at), state, _read(*said))
                    for at, state, *said in notes[row[0]]
                ),
            )
            for row in rows
        ]

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        """The file in one transaction; made on first use."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level="IMMEDIATE")
        try:
            file.executescript(f"PRAGMA journal_mode = wal; PRAGMA synchronous = normal; {_SCHEMA}")
            _expand(file)
            with file:
                yield file
        finally:
            file.close()


def _expand(file: sqlite3.Connection) -> None:
    """Add the columns that the release before did not make."""
    for table in ("incident", "note"):
        known = {row[1] for row in file.execute(f"PRAGMA table_info({table})")}
        for column in _ADDED:
            if column not in known:
                with suppress(sqlite3.OperationalError):  # another process was first
                    file.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT")


def _add_note(file: sqlite3.Connection, id_: str, note: Note) -> None:
    said = [say_note(note, locale)[:TEXT_MAX] for locale in _COLUMNS]
    file.execute(
        "INSERT INTO note (incident_id, at, state, zh, en, texts, automatic) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (id_, note.at.isoformat(), note.state, *said, *_kept(note.text, TEXT_MAX)),
    )


def _kept(said: Texts | Automatic, length_max: int) -> tuple[str | None, str | None]:
    """(texts, automatic) as they are stored."""
    if isinstance(said, Automatic):
        return None, said.value
    return json.dumps({locale: text[:length_max] for locale, text in said.items()}, ensure_ascii=False), None


def _read(*columns: str | None) -> Texts | Automatic:
    """What was said, from the columns of two languages, `texts` and `automatic`; a later release may name what we do not know."""
    *two, texts, automatic = columns
    if automatic in _AUTOMATIC:
        return _AUTOMATIC[automatic]
    if texts is not None:
        return {str(locale): str(text) for locale, text in json.loads(texts).items()}
    return dict(zip(_COLUMNS, (text or "" for text in two), strict=True))
