"""What browser tests of the pages share: one browser a file, and the folder of its screenshots."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.browser import album_for, chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser of Debian's; each test opens pages of its own in it."""
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: the folder that JOURNEY_SCREENSHOTS names, or one that is thrown away."""
    return album_for("JOURNEY_SCREENSHOTS", tmp_path_factory)
