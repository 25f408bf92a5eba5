"""axe-core looks at pages: WCAG 2.2 A and AA and its best practice, in the looks that people choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final, Literal

from playwright.async_api import Page

Look = tuple[int, Literal["light", "dark"], bool]  # width, colours, 长辈版
# Every pair of language, width, colours and size of type is seen; axe takes half a second for each.
LOOKS: Final[Mapping[str, Sequence[Look]]] = {
    "zh-CN": ((390, "light", False), (1440, "dark", True)),
    "en": ((390, "dark", True), (1440, "light", True), (1440, "dark", False)),
}
_HEIGHT: Final = {390: 844, 1440: 900}
_SCRIPT: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_LARGE: Final = "(is) => document.documentElement.classList.toggle('is-large', is)"
_RUN: Final = """async () => {
  const options = {resultTypes: ['violations'], rules: {'label-content-name-mismatch': {enabled: true}}};
  const why = (node) => node.failureSummary.split('\\n').slice(1, 3).join('; ');
  return (await axe.run(document, options)).violations.flatMap((one) => one.nodes.map((node) =>
    `${one.id}: ${node.target.join(' ')} ${node.html.slice(0, 160)} (${why(node)})`));
}"""


@dataclass(slots=True)
class Axe:
    """Looks at pages in each of `looks`, and notes what axe finds."""

    looks: Sequence[Look]
    found: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])  # (page and look, what)
    seen: set[str] = field(default_factory=set[str])

    async def see(self, page: Page, name: str) -> None:
        """Look at the page that is there; its size and colours are as before afterwards."""
        await page.locator("main").wait_for()
        await page.evaluate(_SCRIPT)
        was_large: bool = await page.evaluate("() => document.documentElement.classList.contains('is-large')")
        before = page.viewport_size
        for width, scheme, is_large in self.looks:
            await page.set_viewport_size({"width": width, "height": _HEIGHT[width]})
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await page.evaluate(_LARGE, is_large)
            bad: list[str] = await page.evaluate(_RUN)
            self.found += [(f"{name} at {width} {scheme}{' large' * is_large}", one) for one in bad]
        await page.evaluate(_LARGE, was_large)
        if before is not None:
            await page.set_viewport_size(before)
        self.seen.add(name)
