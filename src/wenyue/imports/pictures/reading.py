"""A picture from a file of somebody: what it becomes, or why it cannot be taken."""

import hashlib
import stat
import tempfile
from pathlib import Path
from typing import Any, Final

from wenyue.imports.pictures.model import (
    BOUNDS,
    FILE_BYTES_MAX,
    KINDS,
    PIXELS_MAX,
    WIDTH_MIN,
    MadeFile,
    MadePicture,
)
from wenyue.imports.reading import InputError
from wenyue.locale import Message
from wenyue.platform.confined import ask_confined

_CHILD: Final = "wenyue.imports.pictures.picture_child"
_PIECE: Final = 1024 * 1024


def read_picture(path: Path) -> MadePicture:
    """Its files, made in a process of its own. Raises InputError."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise InputError(Message("{path} is not a file", path=path))
        if found.st_size > FILE_BYTES_MAX:
            raise InputError(
                Message("{path} is larger than {n} MiB: save it smaller", path=path, n=FILE_BYTES_MAX >> 20)
            )
        with tempfile.NamedTemporaryFile() as copy:  # what is hashed and what is read are the same bytes
            whole = hashlib.sha256()
            with path.open("rb") as given:
                while piece := given.read(_PIECE):
                    whole.update(piece)
                    copy.write(piece)
            copy.flush()
            return MadePicture(whole.hexdigest(), _made(path, copy.name))
    except OSError as error:
        raise InputError(
            Message("cannot read {path}: {strerror}", path=path, strerror=error.strerror or error)
        ) from error


def _made(path: Path, copy: str) -> tuple[MadeFile, ...]:
    with tempfile.TemporaryFile() as bodies:
        said = ask_confined(_CHILD, {"path": copy}, bodies, BOUNDS)
        if said is None or "files" not in said:
            raise InputError(_why(path, "" if said is None else str(said.get("problem"))))
        bodies.seek(0)
        files: list[dict[str, Any]] = said["files"]
        return tuple(
            MadeFile(one["width"], one["height"], one["form"], bodies.read(one["bytes"])) for one in files
        )


def _why(path: Path, problem: str) -> Message:
    match problem:
        case "pixels":
            return Message(
                "{path} has more than {n} million pixels: save it smaller",
                path=path,
                n=PIXELS_MAX // 1_000_000,
            )
        case "small":
            return Message(
                "{path} is less than {n} pixels wide: a picture needs {n}, better 1440",
                path=path,
                n=WIDTH_MIN,
            )
        case "shape":
            return Message(
                "{path} is too long or too tall: cut it to between 1:3 and 4:1, best 16:10", path=path
            )
        case "UnidentifiedImageError":
            return Message(
                "{path} is no picture that can be read: save it as JPEG, PNG or WebP ({kinds} are read)",
                path=path,
                kinds=", ".join(KINDS),
            )
        case _:
            return Message(
                "{path} is damaged or takes too much memory: open it and save it again as JPEG", path=path
            )
