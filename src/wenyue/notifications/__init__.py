"""Messages about bookings: in the traveller's list and by SMS. Owns the PostgreSQL schema `notifications`.

`deliver` writes the messages of an event, `send_queued` gives texts to an `SmsTransport`, `messages_of` lists.
"""

from wenyue.notifications.model import ListedMessage, Sms, SmsTransport
from wenyue.notifications.notices import Notice, has_notices, is_told, notify, send_notices
from wenyue.notifications.phones import CODE, SHARED_CODE, note_proved
from wenyue.notifications.store import BY_SMS, deliver, give_up, messages_of, send_queued
from wenyue.notifications.texts import TextLimits
from wenyue.notifications.transport import FileSms, transport_of

__all__ = [
    "BY_SMS",
    "CODE",
    "SHARED_CODE",
    "FileSms",
    "ListedMessage",
    "Notice",
    "Sms",
    "SmsTransport",
    "TextLimits",
    "deliver",
    "give_up",
    "has_notices",
    "is_told",
    "messages_of",
    "note_proved",
    "notify",
    "send_notices",
    "send_queued",
    "transport_of",
]
