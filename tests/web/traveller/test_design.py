"""The design system keeps its promises: contrast in light and dark, sizes for fingers and older eyes, no colour alone."""

import re
from importlib.resources import files
from itertools import product

import pytest

from wenyue.web.shared.static import static_url

ROOT = files("wenyue.web.shared")
TEXT_MIN = 4.5
PART_MIN = 3.0
LARGE_TEXT_REM_MIN = 18 / 16


def tokens(block: str) -> dict[str, str]:
    """The custom properties of one rule."""
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", block))


def palettes() -> dict[str, dict[str, str]]:
    """Light and dark, each complete."""
    css = ROOT.joinpath("css", "10-tokens.css").read_text(encoding="utf-8")
    before, _, after = css.partition("@media (prefers-color-scheme: dark)")
    light = tokens(before.partition(".is-large")[0])
    return {"light": light, "dark": light | tokens(after.partition(".is-large")[0])}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_the_standard_says() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


ON_GROUND = list(
    product(
        ("ink", "ink-2", "ink-3", "celadon", "celadon-deep", "cinnabar"), ("paper", "surface", "surface-2")
    )
)
PAIRS = [
    *ON_GROUND,
    ("celadon-deep", "celadon-soft"),
    ("celadon", "celadon-soft"),
    ("amber", "amber-soft"),
    ("amber", "surface"),
    ("indigo", "indigo-soft"),
    ("cinnabar", "cinnabar-soft"),
    ("ink", "celadon-soft"),
    ("ink-2", "celadon-soft"),
    ("on-celadon", "celadon"),
    ("on-celadon", "celadon-deep"),
    ("on-cinnabar", "cinnabar"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out(scheme: str, text: str, ground: str) -> None:
    colours = palettes()[scheme]
    assert contrast(colours[text], colours[ground]) >= TEXT_MIN


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_borders_of_fields_and_focus_rings_can_be_seen(scheme: str) -> None:
    colours = palettes()[scheme]
    for part, ground in product(("line-strong", "focus"), ("paper", "surface")):
        assert contrast(colours[part], colours[ground]) >= PART_MIN, (part, ground)


def test_large_type_is_large() -> None:
    css = ROOT.joinpath("css", "10-tokens.css").read_text(encoding="utf-8")
    large = tokens(css.partition(".is-large {")[2].partition("}")[0])
    sizes = {name: float(value.removesuffix("rem")) for name, value in large.items() if name.startswith("t-")}
    assert len(sizes) == 7
    assert min(sizes.values()) >= LARGE_TEXT_REM_MIN
    assert large["tap"] == "60px"
    assert palettes()["light"]["tap"] == "44px"


def test_style_sheets_use_the_scales_and_load_nothing() -> None:
    for entry in ROOT.joinpath("css").iterdir():
        css = entry.read_text(encoding="utf-8")
        assert "@import" not in css
        assert "url(" not in css


def test_files_are_named_by_their_content() -> None:
    assert re.fullmatch(r"/static/wenyue\.[0-9a-f]{10}\.css", static_url("wenyue.css"))
    with pytest.raises(KeyError):
        static_url("../secret")
