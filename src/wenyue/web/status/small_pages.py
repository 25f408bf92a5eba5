"""Small pages that say one thing in every language: nobody knows yet who reads them."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

from wenyue.locale import LOCALES, Message, in_every_language
from wenyue.web.status.assets import names
from wenyue.web.status.prepared import HTML, Page, page


@dataclass(frozen=True, slots=True)
class Button:
    """The one button of a small page: where it posts `mark` and `sign`, and what it says."""

    path: str
    mark: str
    sign: str
    words: Message


def plain_page(status: int, said: Message, button: Button | None = None) -> Page:
    """A small page that says one thing in every language: nobody knows yet who reads it."""
    first, *others = LOCALES
    lines = [f"<h1>{escape(said.say(first))}</h1>"]
    lines += [f'<p lang="{locale}">{escape(said.say(locale))}</p>' for locale in others]
    if button is not None:
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">'
            for name, value in (("mark", button.mark), ("sign", button.sign))
        )
        words = escape(in_a_row(button.words))
        lines.append(
            f'<form method="post" action="{button.path}">{fields}<button class="button">{words}</button></form>'
        )
    text = (
        f'<!doctype html><html lang="{first}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{escape(in_a_row(Message("Wenyue")))}</title><link rel="stylesheet" href="{names()["status.css"]}">'
        f'<main class="page page--status">{"".join(lines)}<p><a href="/">{escape(in_a_row(Message("Service status")))}</a></p>'
        "</main></html>"
    )
    return page(
        text.encode(),
        HTML,
        age_s=0,
        status=status,
        policy="default-src 'none'; style-src 'self'; form-action 'self'",
    )


def in_a_row(said: Message) -> str:
    """`退订 · Unsubscribe`."""
    return " · ".join(in_every_language(said).values())
