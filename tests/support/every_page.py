"""A walk through every page of traveller, gate and console, mistakes included, with somebody who looks at each state of each."""

import re
from datetime import datetime, timedelta
from typing import Final, Protocol

from playwright.async_api import Page
from pyotp.totp import TOTP

from tests.support.api_site import PASSWORD, TODAY
from tests.support.traveller_site import CARD, CHILD_DOCUMENT, DAILY_CARD, DOCUMENT
from wenyue.web.shared.access import ACCESS

ADMINISTRATOR: Final = "mvq"  # letters that the pseudo-language leaves alone: data, as a page shows it
OPERATOR: Final = "vmq"  # also at the gate
NAME: Final = "Vmx Xvm"
DAY: Final = TODAY + timedelta(days=5)
_NO_PAGES: Final = frozenset({"/console", "/gate/undo", "/gate/scans"})  # seen under another name, or JSON


class Looker(Protocol):
    """Whoever looks at pages."""

    seen: set[str]

    async def see(self, page: Page, name: str) -> None:
        """Look at the page that is there, in the state that `name` says."""
        ...


async def send(page: Page, form: str, *, button: str = "button:not([type])", **values: str) -> None:
    """Submit a form with these values, whatever the browser thinks of them."""
    for name, value in values.items():
        await page.fill(f'{form} [name="{name}"]', value)
    await page.eval_on_selector(form, "(form) => { form.noValidate = true; }")
    async with page.expect_navigation():
        await page.click(f"{form} {button} >> nth=0")


async def signed_in(page: Page, eye: Looker, clock: list[datetime], face: str, login: str) -> None:
    """Sign in and set up an app, with every mistake on the way."""
    form = f'main form[action^="/{face}/signin"]'
    await page.goto(f"/{face}/signin")
    await eye.see(page, f"/{face}/signin")
    await send(page, form, login=login, password="wrong")
    await eye.see(page, f"/{face}/signin: wrong")
    await send(page, form, login=login, password=PASSWORD)
    await eye.see(page, f"/{face}/signin/enrolment")
    by_app = f'{form}:has([name="code"])'
    await send(page, by_app, code="000000")
    await eye.see(page, f"/{face}/signin/enrolment: wrong")
    app = TOTP((await page.inner_text(".staff-secret")).replace(" ", ""))
    await send(page, by_app, code=app.at(clock[0]))
    await eye.see(page, f"/{face}/signin/enrolment: codes")
    await page.context.clear_cookies(name=re.compile("wy_staff"))
    await page.goto(f"/{face}/signin")
    await send(page, form, login=login, password=PASSWORD)
    await eye.see(page, f"/{face}/signin/factor")
    await send(page, f'{form}:has([name="code"])', code="000000")
    await eye.see(page, f"/{face}/signin/factor: wrong")
    clock[0] += timedelta(seconds=30)
    await send(page, f'{form}:has([name="code"])', code=app.at(clock[0]))


def pages_of(face: str) -> set[str]:
    """The pages of a face that have no number in their address."""
    found = {path.removeprefix("GET ") for path in ACCESS if path.startswith(f"GET {face}")}
    return {path for path in found if "{" not in path and "." not in path} - _NO_PAGES


async def walk_console(page: Page, eye: Looker, clock: list[datetime]) -> None:
    """Every page of the console."""
    await signed_in(page, eye, clock, "console", ADMINISTRATOR)
    for path in sorted(pages_of("/console") - eye.seen):
        await page.goto(path)
        await eye.see(page, path)
    await _mistakes_of_operators(page, eye)


async def _mistakes_of_operators(page: Page, eye: Looker) -> None:
    await page.goto("/console/nothing-here")
    await eye.see(page, "/console: not found")
    await page.goto("/console/runbooks/nothing-here")
    await eye.see(page, "runbook: none")
    await page.goto("/console/me/password")
    await send(page, "main form", present="x", wanted="short", again="shorter")
    await eye.see(page, "/console/me/password: wrong")
    await page.goto("/console/record")
    await send(page, "main form", who="nobody-known", what="?!", venue="none", day="")
    await eye.see(page, "/console/record: wrong")
    await page.goto("/console/devices")
    await send(page, "main form", venue="none", post="Vmx")
    await eye.see(page, "/console/devices: wrong")
    await send(page, "main form", venue="lake", post="Vmx")
    await eye.see(page, "/console/devices: made")
    await page.goto("/console/staff?q=none-such")
    await eye.see(page, "/console/staff: none")
    await page.goto("/console/staff/new")
    await send(page, "main form", login=" ", name="")
    await eye.see(page, "/console/staff/new: wrong")
    await page.goto("/console/staff?q=vmq")
    await page.click("main .lines a >> nth=0")
    await eye.see(page, "/console/staff/{id}")
    here = page.url
    await send(page, 'main form:has([value="grant"])')
    await eye.see(page, "/console/staff/{id}: grant nothing")
    for ask in ("reset", "retire"):
        await page.goto(f"{here}?ask={ask}")
        await eye.see(page, f"/console/staff/{{id}}: {ask}")
    await send(page, 'main form:has([value="retire"])')
    await eye.see(page, "/console/staff/{id}: retired")
    await page.goto("/console/holidays")
    await send(page, "main form", **{"from": "", "to": "2020-01-01", "source": ""})
    await eye.see(page, "/console/holidays: wrong")
    await page.goto("/console/changes/new?q=none-such")
    await eye.see(page, "/console/changes/new: no venue")
    await page.goto("/console/changes/new")
    await page.click("ul.lines a >> nth=0")
    await eye.see(page, "/console/changes/new: acts")
    acts = await page.eval_on_selector_all(
        'main a[href*="act="]', "(all) => all.map((one) => one.getAttribute('href'))"
    )
    assert acts
    for act in acts:
        name = act.partition("act=")[2].partition("&")[0]
        await page.goto(act)
        await eye.see(page, f"/console/changes/new: {name}")
        await send(page, "main form.stack", button='button[value="propose"]')
        await eye.see(page, f"/console/changes/new: {name} wrong")


async def walk_gate(page: Page, eye: Looker, clock: list[datetime]) -> None:
    """Every page of the gate, where `claim_and_book` was called before."""
    for path in ("/gate/enrol", "/gate/clerk"):
        await page.goto(path)
        await eye.see(page, path)
    await page.goto("/gate/enrol")
    await send(page, "main form", code="none")
    await eye.see(page, "/gate/enrol: wrong")
    await signed_in(page, eye, clock, "gate", OPERATOR)
    await page.goto("/gate/setup?q=none-such")
    await eye.see(page, "/gate/setup: none")
    await page.goto("/gate/setup")
    await eye.see(page, "/gate/setup")
    station = 'main form[method="post"]'
    await send(page, station, gate="")
    await eye.see(page, "/gate/setup: wrong")
    await page.check('input[name="venue_id"] >> nth=0', force=True)
    await send(page, station, gate="Vmx 1")
    await eye.see(page, "/gate")
    for number, presented in enumerate((DAILY_CARD[0], "WY1.none", DOCUMENT[:-1] + "1", DOCUMENT, DOCUMENT)):
        await page.goto("/gate")
        await page.fill('input[name="presented"]', presented)
        await page.press('input[name="presented"]', "Enter")
        await page.wait_for_selector(".gate-result:not(.gate-result--ready)")
        await eye.see(page, f"/gate: {number}")
    await page.click(".gate-undo summary >> nth=0")
    await eye.see(page, "/gate: undo")
    for path in sorted(pages_of("/gate") - eye.seen):
        await page.goto(path)
        await eye.see(page, path)
    await page.goto("/gate/pin")
    await send(page, "main form", pin="111111", again="1")
    await eye.see(page, "/gate/pin: wrong")
    for text, what in (("1", "wrong"), ("Vmx Mvq", "nobody")):
        await page.goto("/gate/lookup")
        await page.fill('[name="text"]', text)
        await page.press('[name="text"]', "Enter")
        await page.wait_for_load_state("networkidle")
        await eye.see(page, f"/gate/lookup: {what}")
    await page.goto("/gate/holders")
    await send(page, "main form", name="Vmx", number="1101")
    await eye.see(page, "/gate/holders: wrong")


async def walk_traveller(page: Page, eye: Looker) -> None:
    """Every page of a traveller, from a stranger to a lost card."""
    for path in (
        "/",
        "/signin",
        "/activate",
        "/card/lost",
        "/card/objection",
        "/venues",
        "/venues?q=none-such",
        "/venues/lake",
        f"/venues/inn?day={DAY}",
        "/trip",
        "/nothing-here",
    ):
        await page.goto(path)
        await eye.see(page, path)
    for path in ("/signin", "/activate", "/card/lost", "/card/objection"):
        await page.goto(path)
        await send(page, f'main form[action^="{path}"]')
        await eye.see(page, f"{path}: wrong")
    await page.goto("/activate")
    await send(page, "main form", card_no=CARD[0], pin=CARD[1], name=NAME, number=DOCUMENT)
    await eye.see(page, "/me")
    await page.goto("/visitors/new")
    await eye.see(page, "/visitors/new")
    await send(page, "main form", name="1", number="1")
    await eye.see(page, "/visitors/new: wrong")
    await send(page, "main form", name="Mvx Q", number=CHILD_DOCUMENT)
    for path in ("/", "/me", "/trip", "/bookings", "/bookings?tab=past", "/me/others", "/nothing-here"):
        await page.goto(path)
        await eye.see(page, f"{path}: signed in")
    for venue in ("lake", "inn", "kitchen", "bus"):
        await page.goto(f"/venues/{venue}?day={DAY}")
        await eye.see(page, f"/venues/{venue}")
        await page.click(".session button:enabled >> nth=0")
        await page.wait_for_url("**/trip*")
    await eye.see(page, "/trip: filled")
    for path in ("/", "/me", "/venues", "/venues/lake", "/bookings", "/visitors/new", "/card/loss"):
        await page.goto(path)
        await eye.see(page, f"{path}: with a trip")
    await page.goto("/trip")
    await page.eval_on_selector_all(
        '[name="visitor"]', "(all) => all.forEach((one) => { one.checked = false; })"
    )
    await send(page, 'main form[action="/trip/people"]')
    await eye.see(page, "/trip: nobody")
    await page.check('[type="checkbox"][name="visitor"] >> nth=0', force=True)
    await send(page, 'main form[action="/trip/people"]')
    await eye.see(page, "/trip/review")
    await send(page, 'main form[action="/trip/book"]')
    await eye.see(page, "/bookings/{id}")
    booking = page.url.partition("?")[0]
    for path in ("/", "/bookings", "/me"):
        await page.goto(path)
        await eye.see(page, f"{path}: booked")
    for part in ("voucher", "reschedule", "cancel"):
        await page.goto(f"{booking}/{part}")
        await eye.see(page, f"/bookings/{{id}}/{part}")
    await send(page, 'main form[action$="/cancel"]')
    await eye.see(page, "/bookings/{id}: cancelled")
    await page.goto("/card/loss")
    await eye.see(page, "/card/loss")
    await send(page, 'main form[action="/card/loss"]')
    await eye.see(page, "/card/loss: frozen")
    await page.goto("/card/replacement")
    await eye.see(page, "/card/replacement")
    await page.goto("/card/pin")
    await eye.see(page, "/card/pin")
