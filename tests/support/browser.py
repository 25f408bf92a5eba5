"""The browser of the browser tests: Debian's Chromium, which asks nobody outside, and the folder for its pictures."""

import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser as AsyncBrowser
from playwright.async_api import async_playwright
from playwright.async_api import expect as expect_here
from playwright.sync_api import Browser, expect, sync_playwright

SHOWN_MS: Final = 30_000  # a net only: nothing here measures how fast a page is
LOOKS: Final = (  # size, language, light or dark
    ("phone", "zh-CN", "light"),
    ("wall", "en", "light"),
    ("phone", "en", "dark"),
    ("wall", "zh-CN", "dark"),
)
_CHROMIUM = "/usr/bin/chromium"  # scripts/browser installs it
_WITHOUT = ("background-networking", "component-update", "sync", "gpu", "quic")
_ARGUMENTS = ["--no-sandbox", "--no-first-run", *(f"--disable-{one}" for one in _WITHOUT)]


@contextmanager
def chromium() -> Generator[Browser]:
    """A browser, until the block ends; what a test expects of a page may take a while to be there."""
    expect.set_options(timeout=SHOWN_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        yield launched
        launched.close()


@asynccontextmanager
async def chromium_here(*more: str) -> AsyncGenerator[AsyncBrowser]:
    """The same for coroutine tests; `more` arguments for it."""
    expect_here.set_options(timeout=SHOWN_MS)
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=_CHROMIUM, args=[*_ARGUMENTS, *more])
        yield launched
        await launched.close()


def album_for(variable: str, temporary: pytest.TempPathFactory) -> Path:
    """The folder for screenshots that this environment variable names, else a temporary one; it exists."""
    named = os.environ.get(variable)
    folder = Path(named) if named else temporary.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
