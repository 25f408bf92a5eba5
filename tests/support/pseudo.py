"""The pseudo-language on pages: what it shows was not translated, what it shows does not fit, and how a test speaks it."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, cast

import pytest
from playwright.async_api import Page

from wenyue.locale import languages
from wenyue.web.shared.i18n import LOCALE_COOKIE

COOKIE: Final = f"{LOCALE_COOKIE}={languages.PSEUDO}"
SIZES: Final = ({"width": 1440, "height": 900}, {"width": 390, "height": 844})
# The pseudo-language has none of these letters.
PLAIN: Final = re.compile(r"[A-EG-LNOR-UWYZa-eg-lnor-uwyz]{2,}|[\u4e00-\u9fff]")
_OPEN, _SHUT = "[!!", "!!]"
# Texts with the names of what they stand in, and texts that somebody cannot see whole.
_LOOK: Final = """() => {
  const texts = [], cut = [];
  const isData = (one) => one.closest('[lang]') !== document.documentElement || one.closest('code, pre, i, [translate=no]');
  const attributes = ['title', 'aria-label', 'placeholder', 'alt', 'data-age'];
  for (const one of document.querySelectorAll('body *'))
    if (!isData(one)) for (const name of attributes) if (one.getAttribute(name)) texts.push(one.getAttribute(name));
  if (!document.querySelector('title').lang) texts.push(document.title);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement, text = node.data.trim();
    if (!text || parent.closest('script, style, noscript, template')) continue;
    if (!isData(parent)) texts.push(text);
    const isUnseen = getComputedStyle(parent).clipPath === 'inset(50%)' || !parent.checkVisibility({visibilityProperty: true});
    if (isUnseen || parent.closest('option, .skip')) continue;
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (!box.width) continue;
    let frame = parent, limit = {left: 0, right: innerWidth};
    for (; frame && frame !== document.documentElement; frame = frame.parentElement) {
      const style = getComputedStyle(frame);
      if (/auto|scroll/.test(style.overflowX)) { limit = null; break; }
      if (/hidden|clip/.test(style.overflowX) || frame.matches('button, .button, .chip, .pill')) {
        const edge = frame.getBoundingClientRect();
        limit = {left: edge.left, right: edge.right, top: edge.top, bottom: edge.bottom};
        break;
      }
    }
    const outside = limit && (box.left < limit.left - 1 || box.right > limit.right + 1
      || box.top < (limit.top ?? box.top) - 2 || box.bottom > (limit.bottom ?? box.bottom) + 2);
    if (outside) cut.push(`${text.slice(0, 80)} in ${(frame ?? parent).className || (frame ?? parent).tagName}`);
  }
  return {texts, cut, wide: document.documentElement.scrollWidth - innerWidth};
}"""


@contextmanager
def spoken(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """The pseudo-language is one of the languages of this process, until the block ends."""
    pseudo = languages.Language(languages.PSEUDO, "en", "Pseudo", is_offered=False)
    known = cast("dict[str, languages.Language]", languages.LOCALES)
    with monkeypatch.context() as patch:
        patch.setitem(known, languages.PSEUDO, pseudo)
        _forget()
        yield
    _forget()


def _forget() -> None:
    languages.locale_named.cache_clear()
    languages.negotiate.cache_clear()


def untranslated(texts: list[str], data: re.Pattern[str]) -> list[str]:
    """Texts that did not come from a catalogue; `data`: what pages show of their data."""
    return [text for text in texts if PLAIN.search(data.sub("", text))]


@dataclass(slots=True)
class Eye:
    """Looks at pages, each in every size, and notes what is wrong with them."""

    data: re.Pattern[str]
    found: list[str] = field(default_factory=list[str])
    seen: set[str] = field(default_factory=set[str])

    async def see(self, page: Page, name: str) -> None:
        """Look at the page that is there."""
        await page.locator("main").wait_for()
        for size in SIZES:
            await page.set_viewport_size(size)  # type: ignore[arg-type] # a literal dictionary
            looked = await page.evaluate(_LOOK)
            assert any(_OPEN in text for text in looked["texts"]), name
            faults = [f"plain: {text}" for text in untranslated(looked["texts"], self.data)]
            said = "".join(looked["texts"])
            faults += ["an end is missing"] if said.count(_OPEN) != said.count(_SHUT) else []
            faults += [f"cut: {text}" for text in looked["cut"]]
            faults += [f"{looked['wide']} px too wide"] if looked["wide"] > 0 else []
            self.found += [f"{name} at {size['width']}: {fault}" for fault in faults]
        self.seen.add(name)
