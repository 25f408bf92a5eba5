"""Between the gate's page in a browser and the gate: what was sent, what was answered, and lost answers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs

from playwright.async_api import Page, Route

SHOWN_MS: Final = 30_000
# Notes every answer that was shown, in order.
WATCH: Final = """() => {
  window.shown = [];
  window.watching?.disconnect();
  const panel = document.querySelector("[data-gate-panel]");
  window.watching = new MutationObserver(() => {
    const word = panel.querySelector("[data-tone] .gate-result__word");
    if (word) window.shown.push(word.textContent.trim());
  });
  window.watching.observe(panel, { childList: true });
}"""


@dataclass
class Wire:
    """The requests between page and gate: what was sent, and how long each takes."""

    page: Page
    latency_s: Callable[[], float] = lambda: 0.0
    sent: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])  # (scan id, presented)
    drop_answers: int = 0  # of the next so many requests the answer is lost on its way back
    cut: asyncio.Event | None = (
        None  # while it is not set, nothing arrives; what was sent meanwhile never does
    )

    @property
    def presented(self) -> list[str]:
        """What was presented, each scan once, in the order of its first sending."""
        return list(dict(self.sent).values())

    async def pass_on(self, route: Route) -> None:
        """One request."""
        form = parse_qs(route.request.post_data or "")
        self.sent.append((form["scan_id"][0], form["presented"][0]))
        if self.cut is not None and not self.cut.is_set():
            await self.cut.wait()
            await route.abort()
            return
        await asyncio.sleep(self.latency_s())
        if self.drop_answers:
            self.drop_answers -= 1
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()


async def wired(page: Page) -> Wire:
    """Stand between this page and the gate."""
    wire = Wire(page)
    await page.route("**/gate/scans", wire.pass_on)
    await page.evaluate(WATCH)
    return wire


async def shown(page: Page, number: int) -> list[str]:
    """The words of all answers, once there are so many."""
    await page.wait_for_function("n => window.shown.length >= n", arg=number, timeout=SHOWN_MS)
    return await page.evaluate("window.shown")


async def scan(page: Page, text: str, end: str = "Enter") -> None:
    """A scanner types as fast as it can."""
    await page.keyboard.type(text)
    if end:
        await page.keyboard.press(end)
