"""A base backup is written as it arrives: every file in its place with the sum of what arrived, and nothing anywhere else."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tarfile
import tracemalloc
from io import BufferedReader, BytesIO
from pathlib import Path

import pytest

from wenyue.ops.backup.programs import ProgramFault, as_fault, run_program
from wenyue.ops.backup.sums import stop_position
from wenyue.ops.backup.unpacking import OddTarError, Sent, unpack

_BIG = 5_000_003  # several blocks, no whole record


def _tar(*members: tuple[str, bytes | None], kind: bytes | None = None, end: bytes = b"\0" * 1024) -> bytes:
    """Folders are members without content; `kind` is the last one's."""
    made = BytesIO()
    for number, (name, content) in enumerate(members):
        member = tarfile.TarInfo(name)
        member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
        if kind is not None and number == len(members) - 1:
            member.type, member.linkname = kind, "/etc/passwd"
        member.size = len(content or b"")
        member.mode = 0o4777
        made.write(member.tobuf(tarfile.USTAR_FORMAT))
        made.write(content or b"")
        made.write(b"\0" * (-member.size % 512))
    return made.getvalue() + end


def _unpacked(tar: bytes, target: Path) -> Sent:
    arriving = target.with_name(f"{target.name}.tar")
    arriving.write_bytes(tar)
    with arriving.open("rb") as opened:
        return unpack(opened, target)


_NEEDED = (("backup_label", b"label"), ("backup_manifest", b"manifest"))


def test_files_get_their_places_modes_and_sums(tmp_path: Path) -> None:
    big = os.urandom(_BIG)
    sent = _unpacked(
        _tar(("./base", None), ("base/1", None), ("base/1/12", big), ("empty", b""), *_NEEDED), tmp_path / "d"
    )
    assert (tmp_path / "d/base/1/12").read_bytes() == big
    assert sent.files["base/1/12"] == (_BIG, hashlib.sha256(big).hexdigest())
    assert sent.files["empty"] == (0, hashlib.sha256().hexdigest())
    assert sent.contents == dict(_NEEDED)
    assert sent.folders == ["base", "base/1"]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "d").rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "d/base/1").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a//x", "././x", "..", ".", ""])
def test_a_name_that_leads_outside_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(OddTarError, match="is no name within it"):
        _unpacked(_tar((name, b"evil"), *_NEEDED), tmp_path / "d")
    assert [path.name for path in tmp_path.rglob("*") if path.is_dir()] == ["d"]
    assert not any(path.read_bytes() == b"evil" for path in tmp_path.rglob("x"))


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.GNUTYPE_LONGNAME, b"x"],
)
def test_what_is_neither_file_nor_folder_is_refused(kind: bytes, tmp_path: Path) -> None:
    with pytest.raises(OddTarError, match="neither a file nor a folder"):
        _unpacked(_tar(*_NEEDED, ("odd", b""), kind=kind), tmp_path / "d")
    assert not (tmp_path / "d/odd").exists()


def test_a_tar_that_ends_too_early_or_is_damaged_is_refused(tmp_path: Path) -> None:
    whole = _tar(*_NEEDED, end=b"")
    for number, length in enumerate([0, 100, 513, 600, len(whole) - 1, len(whole)]):
        with pytest.raises(EOFError):
            _unpacked(whole[:length], tmp_path / str(number))
    with pytest.raises(OddTarError, match="unreadable"):
        _unpacked(b"X" + whole[1:], tmp_path / "header")
    with pytest.raises(OddTarError, match="no backup_label"):
        _unpacked(_tar(_NEEDED[1]), tmp_path / "label")


def test_nothing_that_somebody_planted_is_written_or_followed(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        _unpacked(_tar(("same", b"1"), ("same", b"2"), *_NEEDED), tmp_path / "twice")
    with pytest.raises(FileExistsError):
        _unpacked(_tar(*_NEEDED), tmp_path / "twice")
    # A folder that is replaced by a link between its own entry and the next: the tar stops there meanwhile.
    reads, writes = os.pipe()
    head, rest = _tar(("base", None), ("a", b""), end=b""), _tar(("base/evil", b"1"), *_NEEDED)
    (tmp_path / "outside").mkdir()

    class Replacing(BufferedReader):
        def read(self, size: int | None = -1, /) -> bytes:
            if (tmp_path / "d/a").exists() and not (tmp_path / "d/base").is_symlink():
                (tmp_path / "d/base").rmdir()
                (tmp_path / "d/base").symlink_to(tmp_path / "outside")
            return super().read(size)

    os.write(writes, head + rest)
    os.close(writes)
    with Replacing(os.fdopen(reads, "rb", buffering=0)) as tar, pytest.raises(NotADirectoryError):
        unpack(tar, tmp_path / "d")
    assert not any((tmp_path / "outside").iterdir())


def test_large_files_need_no_more_memory(tmp_path: Path) -> None:
    source = tmp_path / "tar"
    member = tarfile.TarInfo("base")
    member.size = 64 << 20
    with source.open("wb") as file:
        file.write(member.tobuf(tarfile.USTAR_FORMAT))
        file.seek(member.size, os.SEEK_CUR)
        file.write(_tar(*_NEEDED))
    tracemalloc.start()
    with source.open("rb") as tar:
        unpack(tar, tmp_path / "d")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20
    assert (tmp_path / "d/base").stat().st_size == member.size


def _manifest(*files: tuple[str, bytes]) -> bytes:
    entries = ",\n".join(
        f'{{ "Path": "{name}", "Size": {len(content)}, "Checksum-Algorithm": "SHA256", '
        f'"Checksum": "{hashlib.sha256(content).hexdigest()}" }}'
        for name, content in files
    )
    ranges = '{ "Timeline": 1, "Start-LSN": "0/10", "End-LSN": "1/20" }'
    body = f'{{ "Files": [\n{entries}\n],\n"WAL-Ranges": [\n{ranges}\n],\n'.encode()
    return body + f'"Manifest-Checksum": "{hashlib.sha256(body).hexdigest()}"}}\n'.encode()


def test_a_manifest_must_say_what_was_sent() -> None:
    def sums(*files: tuple[str, bytes]) -> dict[str, tuple[int, str]]:
        return {name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in files}

    manifest = _manifest(("a", b"1"), ("b", b"2"))
    sent = sums(("a", b"1"), ("b", b"2"), ("pg_wal/00000001", b"log"), ("backup_manifest", manifest))
    assert stop_position(manifest, sent) == (2, (1 << 32) + 0x20)
    with pytest.raises(ValueError, match="b is not as"):
        stop_position(manifest, sent | sums(("b", b"3")))
    with pytest.raises(ValueError, match="b is not as"):
        stop_position(manifest, {name: one for name, one in sent.items() if name != "b"})
    with pytest.raises(ValueError, match="does not list c"):
        stop_position(manifest, sent | sums(("c", b"3")))
    with pytest.raises(ValueError, match="its own checksum"):
        stop_position(manifest.replace(b'"a"', b'"A"'), sent)
    with pytest.raises(ValueError, match="no manifest"):
        stop_position(b"{", sent)


def _program(folder: Path, lines: str) -> None:
    path = folder / "bin" / "sends"
    path.parent.mkdir()
    path.write_text(f"#!{sys.executable}\nimport os, sys\n{lines}\n", encoding="ascii")
    path.chmod(0o700)


def test_why_a_program_ended_is_told_before_what_was_missing(tmp_path: Path) -> None:
    _program(tmp_path, "os.write(1, b'half'); sys.exit('server closed the connection')")
    with pytest.raises(ProgramFault, match="server closed the connection"):
        run_program(tmp_path, "sends", [], on_output=lambda tar: _ignored(unpack(tar, tmp_path / "d")))


def test_what_ends_early_without_a_fault_is_told(tmp_path: Path) -> None:
    _program(tmp_path, "os.write(1, b'half')")
    with pytest.raises(EOFError, match="too early"):
        run_program(tmp_path, "sends", [], on_output=lambda tar: _ignored(unpack(tar, tmp_path / "d")))


def test_a_program_whose_output_cannot_be_stored_ends(tmp_path: Path) -> None:
    """As on a full disk: the reason is the disk, not that the program could not write."""
    _program(tmp_path, "while True: os.write(1, bytes(1 << 16))")

    def full(tar: BufferedReader) -> None:
        tar.read(1 << 20)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        run_program(tmp_path, "sends", [], on_output=full, deadline_s=60)


def _ignored(_sent: Sent) -> None:
    """For what a reader has found."""


@pytest.mark.parametrize(
    "says",
    [
        "ERROR:  requested WAL segment 00000001000000000000000A has already been removed",
        'ERROR:  could not find WAL file "00000001000000000000000A"',
    ],
)
def test_log_that_the_server_did_not_keep_is_told_with_its_cure(says: str, tmp_path: Path) -> None:
    assert "max_slot_wal_keep_size" in str(as_fault(ProgramFault("pg_basebackup", says), tmp_path))
