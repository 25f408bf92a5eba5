"""The process that opens a picture: `python -m wenyue.imports.pictures.picture_child`, asked by JSON on standard input.

It writes the files that it made to standard output, one after the other, and their sizes to standard error. What stood in the
picture besides its pixels – position, camera, text – is left out; how it is turned and its colours are applied first.
"""

import io
import sys
from typing import Any, Final

from PIL import Image, ImageCms, ImageOps

from wenyue.imports.pictures.model import (
    BOUNDS,
    FORMS,
    KINDS,
    PIXELS_MAX,
    QUALITY,
    SHAPE,
    WIDTH_MIN,
    WIDTHS,
    Form,
)
from wenyue.platform.confined import answer_confined

_PAPER: Final = (255, 254, 251)  # behind what is transparent
_SMALLER: Final = (1.0, 0.85, 0.7, 0.55, 0.4, 0.25)  # of the width, when the lowest quality does not fit
_SCREENS: Final[ImageCms.ImageCmsProfile] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
_DEEP: Final = 257  # sixteen bits to eight


def main() -> None:
    """Answer the one question."""
    answer_confined(BOUNDS, lambda asked: _make(asked["path"]))


def _make(path: str) -> dict[str, Any]:
    Image.MAX_IMAGE_PIXELS = None  # our own bound is asked for before any pixel is read
    with Image.open(path, formats=KINDS) as opened:
        if opened.width * opened.height > PIXELS_MAX:
            return {"problem": "pixels"}
        opened.draft("RGB", (2 * max(WIDTHS), 2 * max(WIDTHS)))  # a large JPEG is read at half its size
        upright = ImageOps.exif_transpose(opened)
    if upright.width < WIDTH_MIN:
        return {"problem": "small"}
    if not SHAPE[0] <= upright.width / upright.height <= SHAPE[1]:
        return {"problem": "shape"}
    plain = _plain(upright)
    plain.info = {}  # comments, camera, position, profile: Pillow would write them again
    files = list[dict[str, Any]]()
    for width, bytes_max in WIDTHS.items():
        if width <= plain.width:
            for form in FORMS:
                body, size = _fitting(plain, width, form, bytes_max)
                sys.stdout.buffer.write(body)
                files.append({"width": size[0], "height": size[1], "form": form, "bytes": len(body)})
    sys.stdout.buffer.flush()
    return {"files": files}


def _plain(image: Image.Image) -> Image.Image:
    """Eight bits of red, green and blue as screens have them (sRGB), nothing transparent."""
    if image.mode.startswith(("I", "F")):
        image = image.convert("I").point(lambda value: value * (1 / _DEEP)).convert("L")
    profile = image.info.get("icc_profile")
    if profile and image.mode in {"RGB", "CMYK", "L"}:
        try:
            theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            turned = ImageCms.profileToProfile(image, theirs, _SCREENS, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            turned = None  # a profile that does not fit its picture: taken as it is
        image = turned or image
    if image.has_transparency_data:
        image = image.convert("RGBA")
        behind = Image.new("RGB", image.size, _PAPER)
        behind.paste(image, mask=image.getchannel("A"))
        return behind
    return image.convert("RGB")


def _fitting(image: Image.Image, width: int, form: Form, bytes_max: int) -> tuple[bytes, tuple[int, int]]:
    """The best quality of this width that fits; if none does, the same of a smaller picture."""
    body, size = b"", (0, 0)
    for part in _SMALLER:
        size = (round(width * part), max(1, round(width * part * image.height / image.width)))
        small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        low, high = QUALITY
        body = _encoded(small, form, low)
        if len(body) > bytes_max:
            continue
        while low < high:
            middle = (low + high + 1) // 2
            tried = _encoded(small, form, middle)
            if len(tried) <= bytes_max:
                low, body = middle, tried
            else:
                high = middle - 1
        break
    return body, size


def _encoded(image: Image.Image, form: Form, quality: int) -> bytes:
    out = io.BytesIO()
    if form == "webp":
        image.save(out, "WEBP", quality=quality, method=4)
    else:
        image.save(out, "JPEG", quality=quality, optimize=True, progressive=True, subsampling="4:2:0")
    return out.getvalue()


if __name__ == "__main__":
    main()
