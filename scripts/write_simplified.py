# pyright: basic
"""Write src/wenyue/catalogue/search/simplified.txt from OpenCC's tables: `uv run --no-project scripts/write_simplified.py`.

Each line is a simplified character and the traditional ones that fold to it. Read what it changed before you commit it,
and raise SEARCH_VERSION in `wenyue.catalogue.search`: what is stored was folded by the table before.
"""
# /// script
# requires-python = ">=3.11"
# dependencies = ["opencc==1.4.2"]
# ///

from collections.abc import Callable
from pathlib import Path

import opencc  # pyright: ignore[reportMissingImports] - from the block above

FILE = Path(__file__).parents[1] / "src/wenyue/catalogue/search/simplified.txt"
IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x2FA1F))
# The mainland's traditional characters first; what only Taiwan or Hong Kong write goes by their own tables.
TABLES: list[Callable[[str], str]] = [opencc.OpenCC(name).convert for name in ("t2s", "tw2s", "hk2s")]
KEPT = "么"  # simplified already, and another word in Taiwan


def main() -> None:
    """Ask for each ideograph alone: phrases are the business of whoever reads, not of whoever looks for a name."""
    folded: dict[str, list[str]] = {}
    for first, last in IDEOGRAPHS:
        for character in map(chr, range(first, last + 1)):
            found = (one for one in (table(character) for table in TABLES) if one != character)
            if (simple := next(found, "")) and len(simple) == 1 and character not in KEPT:
                folded.setdefault(simple, []).append(character)
    lines = [simple + "".join(many) for simple, many in sorted(folded.items())]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"wrote {FILE}: {len(lines)} lines")


main()
