"""Maps as they are really written: every mistake is told, together, with its line and its fix."""

from pathlib import Path

import pytest

from wenyue.imports.bookings import read_map
from wenyue.imports.reading import InputError

MAP_PATH = Path("examples/hotel-bookings.map.toml")


def map_fault(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "a.map.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InputError) as caught:
        read_map(path)
    return str(caught.value)


def test_map_mistakes_are_told_together_with_lines(tmp_path: Path) -> None:
    text = MAP_PATH.read_text(encoding="utf-8")
    lines = text.splitlines()
    broken = (
        text.replace('source = "hotel-bookings-resort"', 'source = "Hotel!"')
        .replace('timezone = "Europe/Lisbon"', 'timezone = "Lisboa"')
        .replace('"Canceled" = "cancelled"', '"Canceled" = "storniert"')
        .replace('zero_nights = "day-use"', 'zero_night = "day-use"')
        .replace('formats = ["%m/%d/%Y", "%Y-%m-%d"]', 'formats = ["%m/%d/%Y", "%d/%m/%Y"]')
        .replace('code = "room-c"', 'code = "room-a"')
        .replace('product = "reserved_room_type"\n', "")
    )
    message = map_fault(tmp_path, broken)
    assert "7 mistake(s)" in message

    def line(start: str) -> int:
        return next(n for n, one in enumerate(lines, start=1) if one.startswith(start))

    assert f"line {line('source')}, source: 'Hotel!' must be" in message
    assert f"line {line('timezone')}, venue.timezone: 'Lisboa' is not an IANA time zone" in message
    assert "status.Canceled: 'storniert' is none of: 'confirmed'" in message
    assert "rules.zero_night: unknown key: did you mean rules.zero_nights?" in message
    assert "read the same text as different dates" in message
    assert "'room-a' is already the code of products.A" in message
    assert "columns.product: which column says it? Only a map of one product needs none" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("source = ", "not valid TOML"),
        (b"source = '\xff'", "not UTF-8"),
        ("", "mistake(s)"),
        ("[columns]\nnights = []\n", "columns.nights: must be"),
        ("[columns]\nquantity = true\n", "columns.quantity: must be a whole number"),
        ("[columns]\narrival = 3\n", "columns.arrival: write { column"),
        ("[columns]\nbooked = 'x'\n", "columns.booked: write { days_before_arrival"),
        ("[venue]\ncheck_in = 'noon'\n", "venue.check_in: must be a time"),
        ("[products]\nA = 1\n", "products.A.code: missing"),
        ("status = 1\n", "status: add [status]"),
        ("x" * 5_000_000, "is it a map?"),
    ],
)
def test_no_map_is_a_traceback(tmp_path: Path, text: str | bytes, words: str) -> None:
    assert words in map_fault(tmp_path, text)
