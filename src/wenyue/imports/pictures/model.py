"""What becomes of a picture: files of a few widths in two forms, each within its bytes; and the bounds of what is taken."""

from dataclasses import dataclass
from typing import Final, Literal

from wenyue.core.confinement import Bounds

Form = Literal["webp", "jpeg"]
FORMS: Final[tuple[Form, ...]] = ("webp", "jpeg")
WIDTHS: Final = {360: 24_000, 720: 60_000, 1440: 200_000}  # pixels: bytes at most; a phone takes 720 at most
WIDTH_MIN: Final = 360
PIXELS_MAX: Final = 50_000_000
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
SHAPE: Final = (1 / 3, 4.0)  # width by height
QUALITY: Final = (20, 84)
BOUNDS: Final = Bounds(memory=1536 * 1024 * 1024, processor_s=90)
KINDS: Final = (
    "JPEG",
    "PNG",
    "WEBP",
    "GIF",
    "TIFF",
    "BMP",
    "AVIF",
)  # as Pillow names them; others are not even looked at


@dataclass(frozen=True, slots=True)
class MadeFile:
    """One file as it is served."""

    width: int
    height: int
    form: Form
    body: bytes


@dataclass(frozen=True, slots=True)
class MadePicture:
    """What was made of a picture. `digest`: SHA-256 of the file that was given, in hex."""

    digest: str
    files: tuple[MadeFile, ...]
