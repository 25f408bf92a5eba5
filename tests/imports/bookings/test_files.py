"""Files as they really arrive: each broken one is told in one message with line, column and fix."""

import gzip
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wenyue.imports.bookings import BookingFile, Reservation, open_bookings, read_map
from wenyue.imports.reading import InputError, Options, texts
from wenyue.imports.reading.model import BLANK_LINES_MAX, RECORD_CHARS_MAX, ROWS_MAX
from wenyue.imports.refusals import Reason, Refusal

MAP_PATH = Path("examples/hotel-bookings.map.toml")
MAP = read_map(MAP_PATH)
TODAY = date(2026, 11, 30)
with gzip.open("tests/data/hotel-bookings-resort.csv.gz", "rt", encoding="utf-8", newline="") as _file:
    LINES = [next(_file) for _ in range(41)]
GOOD = "".join(LINES)
Write = Callable[[bytes | str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(content: bytes | str) -> Path:
        path = tmp_path / "bookings.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def fault(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        for _ in BookingFile(open_bookings(path, MAP), MAP, TODAY).rows():
            pass
    return str(caught.value)


def rows(path: Path) -> list[Reservation | Refusal]:
    return [found for _, found in BookingFile(open_bookings(path, MAP), MAP, TODAY).rows()]


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode(),
        GOOD.encode("utf-8-sig"),
        GOOD.replace("\r\n", "\n").encode(),
        GOOD.replace(",", ";").encode(),
        GOOD.replace(",", "\t").encode(),
        GOOD.replace("Resort Hotel", "度假酒店").encode("gb18030"),
        GOOD.replace("\r\n", "\r\n\r\n").encode(),
        GOOD.rstrip("\r\n").encode(),
        GOOD.replace("Resort Hotel", '"Resort, ""the"" Hotel\r\nby the sea"').encode(),
    ],
    ids=["plain", "bom", "lf", "semicolon", "tab", "gb18030", "blank-lines", "no-last-newline", "quoted"],
)
def test_every_usual_dialect_reads_the_same(write: Write, content: bytes) -> None:
    found = rows(write(content))
    assert len(found) == 40
    assert all(isinstance(one, Reservation) for one in found)


def test_gzip_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "bookings.csv.gz"
    path.write_bytes(gzip.compress(GOOD.encode()))
    assert len(rows(path)) == 40
    path.write_bytes(gzip.compress(GOOD.encode())[:-200])
    assert "damaged gzip" in fault(path)
    path.write_bytes(b"not gzip at all")
    assert "damaged gzip" in fault(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert "cannot read" in fault(tmp_path / "nothing.csv")
    assert "cannot read" in fault(tmp_path)


def test_empty_file(write: Write) -> None:
    assert "is empty" in fault(write(""))
    assert "is empty" in fault(write("\n\n"))


def test_truncated_file_refuses_only_its_last_row(write: Write) -> None:
    found = rows(write(GOOD[:-60]))
    assert [isinstance(one, Reservation) for one in found] == [True] * 39 + [False]
    last = found[-1]
    assert isinstance(last, Refusal)
    assert last.reason is Reason.COLUMN_COUNT
    assert "truncated" in last.fix.say("en")


def test_truncated_inside_a_quote_names_the_line(write: Write) -> None:
    message = fault(write(GOOD + '"Resort Hotel,0,3'))
    assert "line 42" in message
    assert "quote" in message


def test_a_quote_that_swallows_the_file(write: Write) -> None:
    lines = [*LINES]
    lines[5] = '"' + lines[5]
    assert "line 6" in fault(write("".join(lines)))
    lines[5] = LINES[5].replace("BB", '"B"B')
    assert "line 6" in fault(write("".join(lines)))


def test_wrong_delimiter_in_the_map(write: Write) -> None:
    chosen = replace(MAP, options=Options(delimiter=";"))
    with pytest.raises(InputError) as caught:
        open_bookings(write(GOOD), chosen)
    assert "set file.delimiter in the map to ','" in str(caught.value)


def test_missing_column_names_map_key_and_the_nearest_column(write: Write) -> None:
    message = fault(write(GOOD.replace("lead_time", "leadtime", 1)))
    assert "columns that the file does not have: 'lead_time'; did you mean 'leadtime'?" in message


def test_duplicate_header(write: Write) -> None:
    message = fault(write(GOOD.replace("meal", "adr", 1)))
    assert "'adr' twice (columns 13 and 28)" in message


def test_ten_megabyte_line_refuses_only_that_row(write: Write) -> None:
    lines = [*LINES]
    lines[7] = "x" * 10_000_000 + "\r\n"
    found = rows(write("".join(lines)))
    assert len(found) == 40
    refused = [one for one in found if isinstance(one, Refusal)]
    assert [one.reason for one in refused] == [Reason.LINE_TOO_LONG]
    assert found.index(refused[0]) == 6


def test_ten_megabyte_header(write: Write) -> None:
    assert "the header, is too long" in fault(write("x" * 10_000_000))


def test_imports_D4_lines_may_end_as_on_old_macs(write: Write) -> None:
    assert len(rows(write(GOOD.replace("\r\n", "\r")))) == 40


def test_nul_bytes(write: Write) -> None:
    lines = [*LINES]
    lines[3] = lines[3].replace("GBR", "G\x00R")
    found = rows(write("".join(lines)))
    refused = [one for one in found if isinstance(one, Refusal)]
    assert [(one.reason, one.column, one.value) for one in refused] == [
        (Reason.BAD_CHARACTER, "country", "G·R")
    ]
    assert "NUL" in fault(write(GOOD.replace("meal", "me\x00al", 1)))


def test_neither_utf8_nor_gb18030(write: Write) -> None:
    assert "name its encoding" in fault(write(GOOD.encode() + b"\xff\xff\xff\n"))


def test_encoding_of_the_map_is_wrong(write: Write) -> None:
    text = GOOD.replace("Resort Hotel", "度假酒店", 3).encode("gb18030")
    chosen = replace(MAP, options=Options(encoding="utf-8"))
    with pytest.raises(InputError) as caught:
        BookingFile(open_bookings(write(text), chosen), chosen, TODAY)
    assert "0xb6 is not utf-8" in str(caught.value)


@given(
    st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(lambda tail: GOOD[:900].encode() + tail))
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_are_a_traceback(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bookings.csv"
    path.write_bytes(content)
    found: list[Reservation | Refusal] = []
    with suppress(InputError):
        found = rows(path)
    assert all(isinstance(one, Reservation) or one.fix for one in found)


@pytest.mark.parametrize("command", ["import bookings", "replay"])
@pytest.mark.parametrize("kind", ["map", "file", "nothing"])
def test_at_the_terminal_a_fault_is_one_message(tmp_path: Path, command: str, kind: str) -> None:
    path, map_path = tmp_path / "bookings.csv", tmp_path / "a.map.toml"
    if kind != "nothing":
        path.write_text(GOOD.replace("adr", "price", 1), encoding="utf-8")
    map_path.write_text(
        "source = 1\n" if kind == "map" else MAP_PATH.read_text(encoding="utf-8"), encoding="utf-8"
    )
    words = [
        *command.split(),
        str(path),
        "--map",
        str(map_path),
        *(["--capacity", "9"] if command == "replay" else []),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "wenyue.cli", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"WENYUE_HOME": str(tmp_path / "home")},
    )
    assert done.returncode == 1
    assert done.stderr.startswith("wenyue: ")
    assert "Traceback" not in done.stderr + done.stdout
    expected = {"map": "line 1, source: must be a text", "file": "'adr'", "nothing": "cannot read"}
    assert expected[kind] in done.stderr
    assert not (tmp_path / "home").exists()  # nothing was started


def test_row_bound_is_stated() -> None:
    assert ROWS_MAX == 5_000_000  # docs/importing.md names it


def test_security_third_blank_lines_without_end_are_refused(write: Write, tmp_path: Path) -> None:
    many = GOOD.encode() + b"\n" * (BLANK_LINES_MAX + 1)
    assert "blank lines" in fault(write(many))
    packed = tmp_path / "many.csv.gz"
    packed.write_bytes(gzip.compress(many))
    assert "blank lines" in fault(packed)
    few = open_bookings(write(GOOD.encode() + b"\n" * BLANK_LINES_MAX), MAP)
    assert len(list(few.rows())) == len(GOOD.strip().splitlines()) - 1


def test_security_ninth_F5_a_record_over_many_lines_takes_no_memory(write: Write, tmp_path: Path) -> None:
    piece = (
        '"\r\n",ab,' * 1_000 + '"\r\n'
    )  # quotes hold every line end: all of it is one record, of very many cells
    packed = tmp_path / "record.csv.gz"
    with gzip.open(packed, "wt", encoding="utf-8", newline="") as file:
        file.write(GOOD)
        for _ in range(1_500):
            file.write(piece + '",')
    assert packed.stat().st_size < 256 * 1024
    tracemalloc.start()
    with pytest.raises(InputError) as caught:
        for _ in BookingFile(open_bookings(packed, MAP), MAP, TODAY).rows():
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 << 20
    assert f"starts on line {len(LINES) + 1} is longer than {RECORD_CHARS_MAX} characters" in str(
        caught.value
    )
    assert f"第{len(LINES) + 1}行" in caught.value.message.say("zh-CN")
    assert "line 42 cannot" in fault(write(GOOD + '"' + GOOD * 200))  # a forgotten quote: a value's bound
    whole = '"' + "x\n" * 30_000 + '"'
    assert len(rows(write(GOOD.replace("Resort Hotel", whole)))) == 40  # a long note is none


def test_security_third_a_packed_file_is_read_only_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "large.csv.gz"
    packed.write_bytes(gzip.compress(GOOD.encode() + b"x" * (4 << 20)))
    assert packed.stat().st_size < 64 * 1024
    monkeypatch.setattr(texts, "FILE_BYTES_MAX", 2 << 20)
    assert "unpacked" in fault(packed)
