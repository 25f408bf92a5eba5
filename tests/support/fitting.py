"""Whether a page fits: its screen, and the weight that a page may have. What it looked like is kept."""

from pathlib import Path

from playwright.async_api import Page

PAGE_BYTES_MAX = 100 * 1024


async def fits(page: Page, picture: Path) -> None:
    """The page that is there, or is just coming, is no wider than the screen and weighs little; `picture` shows it."""
    await page.wait_for_load_state()
    await page.locator("main").wait_for()  # a document that has only begun has no width yet
    size = page.viewport_size
    assert size is not None
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"], picture.name
    assert len((await page.content()).encode()) < PAGE_BYTES_MAX, picture.name
    await page.screenshot(path=picture, full_page=True)
