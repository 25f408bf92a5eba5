"""Write src/wenyue/migrations/grants/wenyue_app.sql from the named statements: `.venv/bin/python scripts/write_grants.py`.

Read what it changed before you commit it: each line is something that whoever speaks as the application may do.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.grants import grants_text, needed
from wenyue.platform.database.grants import GRANTS_FILE
from wenyue.platform.database.migrate import migrate
from wenyue.platform.embedded_server import ensure_started, erase, stop


def main() -> None:
    """Start a server of its own, migrate it, ask it what each statement needs, write that down."""
    with tempfile.TemporaryDirectory(prefix="wenyue-grants-") as folder:
        home = Path(folder, "home")
        info = ensure_started(home, overrides={"fsync": "off"})
        try:
            migrate(info.owner_url, is_granting=False)
            text = grants_text(needed(info.owner_url))
        finally:
            stop(info)
            erase(home)
    GRANTS_FILE.parent.mkdir(exist_ok=True)
    GRANTS_FILE.write_text(text, encoding="utf-8")
    print(f"wrote {GRANTS_FILE}")


main()
