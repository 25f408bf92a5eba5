"""The gate's camera in a real browser, which is shown a film of a QR code instead of a room."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import pytest
import segno
from playwright.async_api import expect

from tests.support.browser import SHOWN_MS
from tests.support.database import DbUrls
from tests.support.gate_scans import count
from tests.support.gate_site import PHONE, Site, gate_site
from wenyue.web.shared import has_static

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
WIDTH, HEIGHT = 640, 480
VOUCHER_BOOKING: Final = "no booking has this voucher, and that is an answer too: " + 160 * "X"


def film(path: Path, text: str) -> None:
    """Two seconds of a still picture: the QR code on grey, as YUV4MPEG2."""
    matrix = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
    scale = (HEIGHT - 40) // (len(matrix) + 8)
    side = scale * (len(matrix) + 8)
    left, top = (WIDTH - side) // 2, (HEIGHT - side) // 2
    luma = bytearray(b"\x80" * (WIDTH * HEIGHT))
    for y in range(side):
        row = y // scale - 4
        for x in range(side):
            column = x // scale - 4
            is_inside = 0 <= row < len(matrix) and 0 <= column < len(matrix)
            is_dark = is_inside and matrix[row][column]
            luma[(top + y) * WIDTH + left + x] = 16 if is_dark else 235
    frame = b"FRAME\n" + bytes(luma) + b"\x80" * (WIDTH * HEIGHT // 2)
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode() + 20 * frame)


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Site]:
    picture = tmp_path / "code.y4m"
    film(picture, VOUCHER_BOOKING)
    flags = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={picture}")
    async with gate_site(make_database(), tmp_path, *flags) as served:
        yield served


async def test_ux_G2_the_camera_scans_what_it_sees_once(site: Site) -> None:
    assert has_static("jsqr.js"), "run scripts/assets"
    page = await site.stand(PHONE, permissions=["camera"])
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    camera = page.locator("[data-gate-camera]")
    await camera.click()
    await expect(page.locator("[data-gate-rows] > li")).to_have_count(1, timeout=2 * SHOWN_MS)
    assert any("/static/jsqr." in url for url in loaded)  # and not before
    assert await page.locator(".gate-result__word").inner_text() == "无法识别"
    await page.wait_for_timeout(2500)  # it stays in the picture
    assert await count(site.fixtures.tx, "gate.scan") == 1
    assert await page.locator("[data-gate-video]").evaluate("video => video.videoWidth") == WIDTH
    await camera.click()
    await expect(page.locator("[data-gate-video]")).to_be_hidden()
    await page.keyboard.type(VOUCHER_BOOKING)
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-gate-rows] > li")).to_have_count(2)
    kept = await site.fixtures.tx.execute("SELECT count(DISTINCT presented) FROM gate.scan")
    assert await kept.fetchall() == [(1,)]  # the camera read every character


async def test_ux_G2_a_camera_that_may_not_be_used_is_said(site: Site) -> None:
    page = await site.stand(PHONE)
    await page.locator("[data-gate-camera]").click()
    await expect(page.locator("[data-gate-hint]")).to_contain_text("不允许使用摄像头")
    await expect(page.locator("[data-gate-video]")).to_be_hidden()


async def test_ux_G2_without_the_reader_from_npm_the_page_says_what_is_missing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_name: str) -> bool:
        return False

    monkeypatch.setattr("wenyue.web.gate.pages.has_static", none)
    page = await site.stand(PHONE, permissions=["camera"])
    await page.locator("[data-gate-camera]").click()
    await expect(page.locator("[data-gate-hint]")).to_contain_text("scripts/assets")


async def test_ux_G2_only_the_gate_may_use_the_camera(site: Site) -> None:
    page = await site.stand(PHONE)
    policies: dict[str, str] = {}
    for path in ("/gate", "/gate/setup", "/gate/signin"):
        answered = await page.goto(f"{site.url}{path}")
        assert answered is not None
        policies[answered.url.removeprefix(site.url)] = answered.headers["permissions-policy"].split(",")[0]
    assert policies == {"/gate": "camera=(self)", "/gate/setup": "camera=()"}
