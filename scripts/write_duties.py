"""Write docs/duties.md from the table of rights: `.venv/bin/python scripts/write_duties.py`."""

from pathlib import Path

from wenyue.faces.wording_duties import duties_page
from wenyue.kernel.duties import Right
from wenyue.tools.command_access import COMMANDS

PAGE = Path(__file__).parents[1] / "docs" / "duties.md"
TAKEN = {name: right for name, right in COMMANDS.items() if isinstance(right, Right)}
PAGE.write_text(duties_page(TAKEN), encoding="utf-8")
print(f"wrote {PAGE.name}")
