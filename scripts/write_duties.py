"""Write docs/duties.md from the table of rights: `.venv/bin/python scripts/write_duties.py`."""

from pathlib import Path

from wenyue.faces.wording_duties import duties_page

PAGE = Path(__file__).parents[1] / "docs" / "duties.md"
PAGE.write_text(duties_page(), encoding="utf-8")
print(f"wrote {PAGE.name}")
