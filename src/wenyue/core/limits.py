"""Every bound of the system in one place: queues, batches, pages, waits. A number here is a promise to the caller."""

from typing import Final

# --- the booking engine
BATCH_SIZE_MAX: Final = 300  # committed together; more would keep the event loop from others
BATCHES_IN_FLIGHT_MAX: Final = 2  # per worker: one decides while the other waits for the disk
QUEUE_SIZE_MAX: Final = 4_000  # requests waiting per worker; beyond it the answer is BUSY at once
BOOKING_DEADLINE_S: Final = 3.0  # a request not started by then is dropped unstarted
BATCH_RETRIES_MAX: Final = 3
STATEMENT_TIMEOUT_S: Final = 10.0
LOCK_TIMEOUT_S: Final = 5.0

# --- admission, per process
HOT_WANTED_S: Final = 0.5  # how long an admitted booking should take when more are asked for than can be made
HOT_LIMIT_MAX: Final = QUEUE_SIZE_MAX
REFUSALS_HELD_MAX: Final = 4_096  # people who wait to be told no; then a process accepts no new connections
DESK_LIMIT_MAX: Final = 256  # everything else at once
DESK_WAITING_MAX: Final = 64  # of one class; beyond it the answer is BUSY at once
DESK_WAIT_S: Final = 0.5
REPORT_WAIT_S: Final = 3.0  # back office: whoever is signed in there would rather wait than be sent away
SIGN_IN_WAIT_S: Final = 6.0  # whoever signs in at the release hour would rather wait than be sent away
DOUBTFUL_FROM: Final = 1.5  # failures lately of one place, right ones taken off: it has one place of the desk
PLACES_REMEMBERED_MAX: Final = 50_000
READ_DEADLINE_S: Final = 4.0  # a page or a list that is not there by then is given up
WRITE_DEADLINE_S: Final = 8.0  # a change is then answered with "ask again", and goes on to its end
PERSONS_REMEMBERED_MAX: Final = 200_000
PERSON_WINDOW_S: Final = 60.0

# --- key files of a running installation
KEYS_LOOK_S: Final = 3.0  # how often a process looks whether they changed
KEYS_SETTLE_S: Final = 15.0  # by then every process of a machine has a changed file
KEYS_REREAD_S: Final = 1.0  # at most so often for a sealed value under a number that is not known
SEALING_KEYS_MAX: Final = 255  # the number is one byte of what is sealed
RETIRED_GATE_KEYS_MAX: Final = 100

# --- one booking
LINES_MAX: Final = 100  # 14 weeks of hotel nights
LINE_NUMBERS_MAX: Final = 1_000  # of one booking: every move of a line takes a new number
VISITORS_MAX: Final = 50
MOVES_OF_BOOKING_MAX: Final = (
    20  # by its account, counted by the lines it has: each move is written down, and told
)
QUANTITY_MAX: Final = 500  # unnamed places in one line (a group's table or bus)
HOLD_TTL_S: Final = 15 * 60
HOLD_TTL_S_MAX: Final = 60 * 60
PLACES_BY_OTHERS_MAX: Final = 50  # of one person, in one list
KNOWN_NAMES_MAX: Final = 6  # of one person: a name, and other spellings of it
NAMES_OF_WITNESS_MAX: Final = 2  # of one document, that one member of staff saw
NAMES_SEEN_PER_DAY: Final = 100  # new ones, that one member of staff notes
NAMES_WAITING_MAX: Final = 50  # of one person, that do not speak; more than some members of staff can fill
NAMES_LISTED_MAX: Final = 100  # of one person
CLAIMS_PER_DOCUMENT_MAX: Final = (
    20  # accounts that were opened with one document before staff saw whose it is
)
CARDS_SHOWN_MAX: Final = 5  # by one person at a counter, when staff settle whose a document is
TAKEN_ALONE_PER_DAY: Final = (
    3  # documents that one member of staff takes accounts from without a second person
)
TAKEN_PER_DAY: Final = 20  # … and at all
DISOWNINGS_PER_DAY: Final = 10  # of one account
VISITORS_PER_TRAVELLER_MAX: Final = 20  # besides oneself
VISITOR_ADDS_PER_DAY: Final = 25  # tries of one account; a list of twenty can be filled at once
OPEN_HOLDS_PER_HOLDER_MAX: Final = 5
BOOKED_AHEAD_DAYS_MAX: Final = 401  # what was booked earlier does not count among an account's open places

# --- freshness
POOL_VIEW_AGE_S_MAX: Final = (
    0.8  # a "sold out" from memory is never older; freed places appear within a second
)
POOL_VIEW_REFRESH_S: Final = 0.25
AVAILABILITY_AGE_S_MAX: Final = 1.0
AVAILABILITY_DAYS_MAX: Final = 62

# --- the gate
LOOKUP_DAYS_MAX: Final = 7  # before and after today
LOOKUPS_PER_MINUTE: Final = 10  # of one keeper
LOOKUPS_PER_DAY: Final = 300  # of one keeper
LOOKUP_FOUND_MAX: Final = 20  # bookings that one look-up shows

# --- edges
BODY_BYTES_MAX: Final = 64 * 1024
BODY_WAIT_S: Final = 10.0  # for all of a body
BODY_GRACE_S: Final = 3.0  # a line that stalls; after that it grows by
BODY_RATE_MIN: Final = 1024.0  # bytes a second, or it is given up
BODIES_AT_ONCE_MAX: Final = 512  # being read per process; beyond it the slowest is given up
HEAD_BYTES_MAX: Final = 64 * 1024  # request line and headers
HEAD_FIELDS_MAX: Final = 100  # each costs a hundred bytes and more, however short it is
HEADS_AT_ONCE_MAX: Final = (
    16_384  # connections per process that have not said a whole head; beyond it the oldest ends
)
HEAD_WAIT_S: Final = 15.0
TLS_CONNECTIONS_MAX: Final = 512  # per process, of our own HTTPS: buffers from the first byte on
TLS_OF_ADDRESS_MAX: Final = 48
STATUS_CONNECTIONS_MAX: Final = 8_000  # of the status page
STATUS_OF_ADDRESS_MAX: Final = 256
LINK_HANDSHAKES_MAX: Final = 32  # of the way between a pair of machines, from addresses that are let in
LINK_HANDSHAKES_OF_ADDRESS_MAX: Final = 8
UNREAD_WAIT_S: Final = 15.0  # an answer that waits for its reader, who in that time takes
UNREAD_RATE_MIN: Final = 256.0  # bytes a second, or the connection ends
UNREAD_AT_ONCE_MAX: Final = (
    1_024  # connections per process with such answers; beyond it the longest of the busiest address ends
)
PIPELINED_MAX: Final = 32  # requests that wait behind another on one connection; with more it ends
PAGE_SIZE: Final = 20
PAGE_SIZE_MAX: Final = 100
SEARCH_TEXT_MAX: Final = 64
NAME_LENGTH_MAX: Final = 60
DOCUMENT_LENGTH_MAX: Final = 64
LOGIN_TTL_S: Final = 30 * 24 * 3600
STAFF_LOGIN_TTL_S: Final = 12 * 3600
DEVICE_TTL_S: Final = 400 * 24 * 3600  # a known device; as long as browsers keep a cookie (RFC 6265bis)
DEVICE_LENGTH_MAX: Final = 512
SECRET_CHECKS_AT_ONCE: Final = (
    5  # per process: each costs milliseconds and a connection; one for each share, one more
)
SECRET_CHECKS_WAITING_MAX: Final = 200  # of each share
SECRET_CHECKS_OF_DEVICE: Final = 4  # of one known device, inside and waiting
SECRET_CHECKS_PER_LOGIN_MINUTE: Final = 30  # per process, right ones too: of one login from one place
SECRET_CHECKS_PER_PLACE_MINUTE: Final = 300  # many people may share an address
PIN_FAILURES_MAX: Final = 5
PIN_LOCK_S: Final = 15 * 60

# --- texts
TEXTS_OF_SHARED_PER_DAY: Final = (
    5  # to one phone, about bookings of accounts that have it on record and whose it is not
)
CODES_TO_PHONE_PER_DAY: Final = (
    60  # to one phone, for the account whose it is; more than it can ask for in a day
)
WARNINGS_TO_PHONE_PER_DAY: Final = 20  # likewise, besides codes
NOTICES_OF_SHARED_PER_DAY: Final = 10  # codes and warnings to one phone, of all accounts whose it is not
NOTICES_OF_SHARED_PER_HOUR: Final = 5
NOTICES_OF_KIND_LEAST: Final = (
    2  # of one kind for each such account in an hour, beyond those shares: no other account uses them up
)
TEXTS_TO_OTHERS_PER_DAY: Final = 5  # to one phone, about bookings of accounts that have another on record

# --- later work
OUTBOX_POLL_S: Final = 0.5
OUTBOX_ROWS_MAX: Final = 50
EXPIRY_POLL_S: Final = 1.0
EXPIRY_BATCH_MAX: Final = 500
SESSIONS_AHEAD_DAYS: Final = 30

# --- suspicious patterns
ABUSE_SUBJECTS_MAX: Final = 20_000  # told apart between two hand-overs, per process
ABUSE_SIGNS_PER_FLUSH_MAX: Final = 500
ABUSE_BLOCKS_MAX: Final = 10_000
ABUSE_FINDINGS_MAX: Final = 200
ABUSE_FLUSH_S: Final = 5.0
RETENTION_STEP_MAX: Final = 2_000  # values overwritten in one transaction
