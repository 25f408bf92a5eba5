"""Pictures as people really have them, and as nobody should: made small, turned, stripped; or refused with what to do."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageDraw

from wenyue.imports.pictures import WIDTHS, MadePicture, read_picture
from wenyue.imports.reading import InputError

PHONE_BYTES_MAX = 60_000


def busy(width: int, height: int) -> Image.Image:
    """A picture that compresses badly: coloured noise, enlarged."""
    return Image.effect_noise((width // 8, height // 8), 60).convert("RGB").resize((width, height))


def saved(folder: Path, image: Image.Image, name: str = "a.jpg", **how: Any) -> Path:
    path = folder / name
    image.save(path, **how)
    return path


def opened(made: MadePicture, form: str = "jpeg", at: int = -1) -> Image.Image:
    files = [one for one in made.files if one.form == form]
    return Image.open(io.BytesIO(files[at].body))


def colour_at(image: Image.Image, x: int, y: int) -> tuple[int, int, int]:
    found = image.convert("RGB").getpixel((x, y))
    assert isinstance(found, tuple)
    return (int(found[0]), int(found[1]), int(found[2]))


def test_ux_5_picture_becomes_small_files_that_fit_a_phone(tmp_path: Path) -> None:
    made = read_picture(saved(tmp_path, busy(2400, 1500), quality=95))
    assert [(one.width, one.height, one.form) for one in made.files if one.width <= 720] == [
        (360, 225, "webp"),
        (360, 225, "jpeg"),
        (720, 450, "webp"),
        (720, 450, "jpeg"),
    ]
    assert max(len(one.body) for one in made.files if one.width <= 720) <= PHONE_BYTES_MAX
    assert max(len(one.body) for one in made.files) <= max(WIDTHS.values())
    for one in made.files:
        picture = Image.open(io.BytesIO(one.body))
        assert (picture.format, picture.size) == (one.form.upper(), (one.width, one.height))
    assert read_picture(tmp_path / "a.jpg") == made


def test_ux_5_small_picture_is_not_made_larger(tmp_path: Path) -> None:
    made = read_picture(saved(tmp_path, Image.new("RGB", (500, 400), "teal"), "a.png"))
    assert {one.width for one in made.files} == {360}


def test_ux_5_picture_is_turned_and_stripped(tmp_path: Path) -> None:
    image = Image.new("RGB", (800, 400), "white")
    ImageDraw.Draw(image).rectangle((0, 0, 100, 400), fill="red")
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it a quarter to the right
    exif[0x010E] = "secret words"
    exif.get_ifd(0x8825)[2] = (30.0, 15.0, 0.0)
    path = saved(tmp_path, image, exif=exif, comment=b"secret words")
    made = read_picture(path)
    assert b"secret words" in path.read_bytes()
    assert not any(b"secret" in one.body or b"Exif" in one.body for one in made.files)
    for form in ("webp", "jpeg"):
        turned = opened(made, form)
        assert turned.size == (360, 720)
        red, green, _ = colour_at(turned, 180, 20)
        assert red > 200
        assert green < 60
        assert not turned.getexif()


@pytest.mark.parametrize(
    ("mode", "name", "colour"),
    [
        ("CMYK", "a.jpg", (255, 0, 255, 0)),
        ("L", "a.png", 128),
        ("I;16", "a.png", 32_000),
        ("P", "a.gif", 3),
        ("1", "a.tiff", 1),
        ("LA", "a.png", (90, 128)),
        ("RGBA", "a.webp", (10, 200, 10, 128)),
    ],
)
def test_ux_5_colours_of_every_kind_become_those_of_screens(
    tmp_path: Path, mode: str, name: str, colour: int
) -> None:
    made = read_picture(saved(tmp_path, Image.new(mode, (400, 300), colour), name))
    middle = colour_at(opened(made), 180, 130)
    if mode in {"CMYK", "RGBA"}:
        assert middle[1] > middle[0]
    if mode == "I;16":
        assert 110 <= middle[0] <= 140


def test_ux_5_what_is_transparent_shows_paper(tmp_path: Path) -> None:
    made = read_picture(saved(tmp_path, Image.new("RGBA", (400, 300), (0, 0, 0, 0)), "a.png"))
    assert min(colour_at(opened(made), 180, 130)) > 240


def test_ux_5_animated_picture_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (400, 300), colour) for colour in ("blue", "red", "green")]
    path = saved(tmp_path, frames[0], "a.gif", save_all=True, append_images=frames[1:], duration=50)
    for form in ("webp", "jpeg"):
        still = opened(read_picture(path), form)
        assert getattr(still, "n_frames", 1) == 1
        red, _, blue = colour_at(still, 180, 130)
        assert blue > 200 > red


def test_ux_5_profile_that_does_not_fit_does_no_harm(tmp_path: Path) -> None:
    lab = ImageCms.createProfile("LAB")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    profile = ImageCms.ImageCmsProfile(lab).tobytes()  # pyright: ignore[reportUnknownArgumentType]
    for at, one in enumerate((profile, b"no profile", profile[:200])):
        assert read_picture(
            saved(tmp_path, Image.new("RGB", (400, 300), "red"), f"{at}.jpg", icc_profile=one)
        ).files


def bomb(width: int, height: int) -> bytes:
    """A PNG of few bytes that claims so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1_000_000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (bomb(60_000, 60_000), "50 百万像素"),
        (bomb(8_000, 6_251), "50 百万像素"),
        (bomb(4_000, 3_000), "已损坏"),
        (b"", "不是能读取的图片"),
        (b"%PDF-1.7 not a picture", "不是能读取的图片"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "不是能读取的图片"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 800 600\n", "不是能读取的图片"),
    ],
)
def test_ux_5_hostile_file_is_refused_with_what_to_do(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_picture(path)
    assert reason in refused.value.message.say("zh-CN")


@pytest.mark.parametrize(
    ("size", "reason"), [((359, 300), "不足 360"), ((4000, 900), "过长或过高"), ((400, 1300), "过长或过高")]
)
def test_ux_5_picture_of_a_bad_size_is_refused(tmp_path: Path, size: tuple[int, int], reason: str) -> None:
    with pytest.raises(InputError) as refused:
        read_picture(saved(tmp_path, Image.new("RGB", size), "a.png"))
    assert reason in refused.value.message.say("zh-CN")


def test_ux_5_cut_off_file_and_folder_are_refused(tmp_path: Path) -> None:
    whole = saved(tmp_path, busy(800, 500)).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    for path in (tmp_path / "cut.jpg", tmp_path, tmp_path / "missing.jpg"):
        with pytest.raises(InputError):
            read_picture(path)
