"""Write docs/duties.md from the table of rights: `.venv/bin/python scripts/write_duties.py`."""

from pathlib import Path

from wenyue.core.duties import Right
from wenyue.ops.command_access import COMMANDS
from wenyue.web.wording.duties import duties_page

PAGE = Path(__file__).parents[1] / "docs" / "duties.md"
TAKEN = {name: right for name, right in COMMANDS.items() if isinstance(right, Right)}
PAGE.write_text(duties_page(TAKEN), encoding="utf-8")
print(f"wrote {PAGE.name}")
