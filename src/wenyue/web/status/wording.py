"""What the status page says; the languages stand in the catalogues."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wenyue.locale import Locale, Message, text_in
from wenyue.web.status.model import Automatic, Incident, Note, State

COMPONENTS: Final[Mapping[str, Message]] = {
    "booking": Message("Booking"),
    "entry": Message("Entry"),
    "messages": Message("Text messages"),
    "partners": Message("Partners"),
}
COMPONENT_NOTES: Final[Mapping[str, Message]] = {
    "booking": Message("look, book, change, cancel"),
    "entry": Message("gates and desks"),
    "messages": Message("texts about bookings"),
    "partners": Message("travel agencies and platforms"),
}
HEADLINES: Final = {
    State.OK: Message("Everything works"),
    State.SLOW: Message("Slower than usual"),
    State.DOWN: Message("Part of the service is unavailable"),
    State.UNKNOWN: Message("Checking"),
}
ADVICE: Final = {
    State.OK: Message("Booking and entry work as usual."),
    State.SLOW: Message(
        "It works, but may take a few seconds longer. There is no need to press again: a booking is never made twice."
    ),
    State.DOWN: Message(
        "We know and are working on it. Confirmed bookings stay valid; if you got no answer, ask again later on the same page."
    ),
    State.UNKNOWN: Message("Please reload in a few seconds."),
}
WORDS: Final = {
    State.OK: Message.in_context("service", "OK"),
    State.SLOW: Message.in_context("service", "slow"),
    State.DOWN: Message.in_context("service", "unavailable"),
    State.UNKNOWN: Message.in_context("service", "unknown"),
}
TONES: Final = {State.OK: "good", State.SLOW: "warn", State.DOWN: "bad", State.UNKNOWN: "info"}
MARKS: Final = {
    State.OK: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M8 12.3l2.8 2.7L16 9.5",
    State.SLOW: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M12 7v5l3.5 2",
    State.DOWN: "M12 3.5 21.5 20h-19zM12 10v4m0 3h.01",
    State.UNKNOWN: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M12 11v5.5M12 7.5h.01",
}
NOTE_STATES: Final[Mapping[str, Message]] = {
    "investigating": Message("Investigating"),
    "identified": Message("Identified"),
    "watching": Message("Fixed, watching"),
    "resolved": Message("Resolved"),
}
SAID_BOOKING: Final = {
    State.OK: Message("Wenyue's booking service is working."),
    State.SLOW: Message("Wenyue's booking service is slow at the moment."),
    State.DOWN: Message("Wenyue's booking service is unavailable at the moment: it is not you."),
    State.UNKNOWN: Message("Wenyue's booking service is being checked."),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the browser found by measuring: `tone` as it is drawn, and what to do next."""

    name: str
    tone: str
    title: Message
    advice: Message


VERDICTS: Final = (
    Verdict(
        "fine",
        "good",
        Message("Your network is fine, and so is Wenyue."),
        Message(
            "If something still fails, reload the booking page; if it is inside an app, open it in your browser."
        ),
    ),
    Verdict(
        "offline",
        "warn",
        Message("Your device is offline."),
        Message(
            "Turn on Wi-Fi or mobile data. What you typed is kept on this device, so you can go on afterwards."
        ),
    ),
    Verdict(
        "unreachable",
        "warn",
        Message("Your network does not reach Wenyue at the moment."),
        Message(
            "This page may be an older copy. Switch between Wi-Fi and mobile data, or try where the signal is better."
        ),
    ),
    Verdict(
        "slow-network",
        "warn",
        Message("Your network is slow; Wenyue is fine."),
        Message(
            "Give each step a few seconds, there is no need to press again. Another network may be faster."
        ),
    ),
    Verdict(
        "path",
        "warn",
        Message("Your network reaches this page but not the booking page; Wenyue is fine."),
        Message(
            "The network you are on probably blocks it (an office, a hotel's Wi-Fi, a proxy)."
            " Use mobile data or turn the proxy off."
        ),
    ),
    Verdict(
        "slow-path",
        "warn",
        Message("The booking page is slow to reach from where you are; Wenyue is fine."),
        Message("Wait a few seconds, or use another network."),
    ),
    Verdict(
        "service-slow",
        "warn",
        Message("Your network is fine; Wenyue is slow."),
        Message("Wait a few seconds and do not press again: a booking is never made twice."),
    ),
    Verdict(
        "service-down",
        "bad",
        Message("It is not you: Wenyue is unavailable."),
        Message(
            "Come back in a few minutes; this page keeps itself up to date."
            " If you are visiting today, bring your ID to the staffed desk."
        ),
    ),
)
AUTOMATIC: Final[Mapping[Automatic, Message]] = {
    Automatic.DOWN: Message("{component} is unavailable"),
    Automatic.SLOW: Message("{component} is slow"),
    Automatic.OPENED: Message(
        "Detected automatically; the people on duty have been alerted. Confirmed bookings are not affected."
    ),
    Automatic.CLOSED: Message("Detected automatically: it works again."),
}


def say_title(incident: Incident, locale: Locale) -> str:
    """What happened, in the language."""
    if isinstance(incident.title, Automatic):
        return AUTOMATIC[incident.title].say(locale, component=COMPONENTS[incident.component])
    return text_in(incident.title, locale)


def say_note(note: Note, locale: Locale) -> str:
    """What was told about it, in the language."""
    if isinstance(note.text, Automatic):
        return AUTOMATIC[note.text].say(locale)
    return text_in(note.text, locale)
