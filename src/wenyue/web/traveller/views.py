"""What the templates see: frozen view models in the traveller's language, every figure already a sentence."""

from dataclasses import dataclass
from typing import Final

from wenyue.catalogue import ROMANISED_NAME, Venue
from wenyue.locale import DEFAULT, Message, text_in, translations
from wenyue.web.shared.i18n import Locale
from wenyue.web.shared.scene_files import scene_url

Tone = str  # "good" | "warn" | "bad" | "info" | ""

KIND_ICONS: Final = {"attraction": "mountain", "hotel": "bed", "restaurant": "bowl", "transport": "bus"}
KIND_NAMES: Final = {
    "attraction": Message("Attraction"),
    "hotel": Message("Hotel"),
    "restaurant": Message("Restaurant"),
    "transport": Message("Shuttle"),
}


@dataclass(frozen=True, slots=True)
class BenefitView:
    """One entitlement: what is left of it. `granted` 0: without limit, no bar is drawn."""

    name: str
    left: str
    granted: int = 0
    remaining: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class CardView:
    """A card as it lies on the table: number and holder masked."""

    id: int
    name: str
    kind: str
    number: str
    holder: str
    state: str
    icon: str
    is_usable: bool
    validity: str
    benefits: tuple[BenefitView, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TicketView:
    """A booking in a list."""

    href: str
    month: str
    day: str
    weekday: str
    title: str
    when: str
    party: str
    more: str
    state: str
    tone: Tone
    icon: str
    is_past: bool = False
    has_voucher: bool = False
    anchor: str = ""  # `#visit-1`: where the visit stands on the booking's page


@dataclass(frozen=True, slots=True)
class SourceView:
    """Sizes of a picture in one form, for screens that `media` describes ('': every one)."""

    media: str
    type: str
    srcset: str


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture of a venue. `alt` '': it only decorates. Width and height keep its place while it loads.

    `sources` empty: a drawn scene, the same at every size.
    """

    src: str
    width: int = 320
    height: int = 200
    alt: str = ""
    sources: tuple[SourceView, ...] = ()


@dataclass(frozen=True, slots=True)
class VenueView:
    """A venue in a list or at the head of its page."""

    href: str
    code: str
    kind: str
    kind_name: str
    icon: str
    name: str
    place: str
    level: str
    demo: str
    picture: PictureView
    summary: str = ""
    own_name: str = ""  # the Chinese one that signs on the spot show, where `name` is another
    name_note: str = ""


@dataclass(frozen=True, slots=True)
class DayView:
    """One day of the calendar. `short` stands in the cell, `long` is read out and shown in large type."""

    href: str
    number: int
    text: str
    state: str
    icon: str
    short: str
    long: str
    tag: str = ""
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class SessionView:
    """One session of the chosen day. `counts`: what may be chosen besides the session (nights, seats)."""

    slot_id: int
    time: str
    label: str
    state: str
    tone: Tone
    icon: str
    price: str
    can_book: bool
    action: str
    card: str = ""
    card_tone: Tone = ""
    card_icon: str = "card"
    counts: tuple[tuple[int, str], ...] = ()
    counts_label: str = ""
    price_minor: int = 0
    queue: str = ""  # where one waits first; empty: it can be chosen
    queue_action: str = ""


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue. `long` says what to do, `short` stands at a session; `is_mine`: it is this traveller's turn now."""

    href: str
    short: str
    long: str
    action: str
    is_mine: bool = False


@dataclass(frozen=True, slots=True)
class CalendarView:
    """Fourteen days of one product, and the sessions of one of them."""

    product_id: int
    chosen: str
    range: str
    weekdays: tuple[str, ...]
    gap: int
    days: tuple[DayView, ...]
    freshness: str
    provisional: str  # that a year shown has no published holidays yet; else empty
    chosen_text: str
    sessions: tuple[SessionView, ...]
    chosen_note: str = ""
    chosen_tone: Tone = ""
    chosen_icon: str = "info"
    queue: QueueView | None = None  # in front of the chosen day


@dataclass(frozen=True, slots=True)
class ProductTab:
    """A product to switch to on the venue's page."""

    href: str
    name: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of a trip or a booking."""

    slot_id: int
    kind: str
    icon: str
    title: str
    product: str
    when: str
    quantity: str
    price: str
    pays: str = ""
    pays_tone: Tone = ""
    pays_icon: str = "card"
    problem: str = ""
    switch: tuple[str, str] | None = None  # another way to pay: where it leads, and its name


@dataclass(frozen=True, slots=True)
class PersonView:
    """A visitor, masked."""

    id: int
    name: str
    document: str
    age: str
    is_self: bool = False
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class NoteView:
    """A sentence with a tone and an icon."""

    tone: Tone
    icon: str
    text: str


def venue_view(venue: Venue, locale: Locale, picture: PictureView | None = None) -> VenueView:
    """A venue in the traveller's language. `picture`: its first; None: it has none, and is drawn."""
    gettext = translations(locale).gettext
    place = " · ".join(part for part in (venue.province, venue.city) if part)
    name, chinese = text_in(venue.name, locale), text_in(venue.name, DEFAULT)
    is_romanised = name != chinese and ROMANISED_NAME in venue.tags
    return VenueView(
        href=f"/venues/{venue.code}",
        code=venue.code,
        kind=venue.kind,
        kind_name=KIND_NAMES[venue.kind].say(locale),
        icon=KIND_ICONS[venue.kind],
        name=name,
        place=place if venue.province != venue.city else venue.province,
        level=gettext("{level}-rated", level=venue.level) if venue.level else "",
        demo=gettext("Demo") if venue.is_demo else "",
        picture=picture
        or PictureView(scene_url([chinese, *venue.name.values()], venue.tags, venue.kind, venue.code)),
        summary=text_in(venue.summary, locale),
        own_name=chinese if name != chinese else "",
        name_note=gettext("Name romanised from the Chinese") if is_romanised else "",
    )
