-- The waiting room (排队等候): a queue in front of the release of scarce places. Who is before whom is decided by a seed whose
-- hash is published when the room is opened; see docs/adr/0007-waiting-room.md.
CREATE SCHEMA emergency;

CREATE TABLE emergency.room (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code            text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    title_zh        text NOT NULL,
    title_en        text NOT NULL,
    venue_id        bigint,                          -- every product of this venue is guarded …
    product_ids     bigint[] NOT NULL DEFAULT '{}',  -- … or these products
    from_day        date NOT NULL,                   -- service dates, both included
    to_day          date NOT NULL CHECK (to_day >= from_day),
    onward          text NOT NULL,                   -- where an admitted traveller goes: a path of this site
    release_at      timestamptz NOT NULL,
    poll_s          smallint NOT NULL CHECK (poll_s BETWEEN 1 AND 30),
    epoch_s         smallint NOT NULL CHECK (epoch_s BETWEEN 1 AND 60),
    rate_max        real NOT NULL CHECK (rate_max >= 1),     -- people a second, at most
    commitment      bytea NOT NULL CHECK (length(commitment) = 32),   -- SHA-256 of the seed, published at once
    sealed_seed     bytea NOT NULL,
    seed            bytea CHECK (length(seed) = 32),  -- published at release
    is_paused       boolean NOT NULL DEFAULT false,
    message_zh      text NOT NULL DEFAULT '',
    message_en      text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL,
    released_at     timestamptz,
    closed_at       timestamptz,
    -- what the keeper knows
    kept_at         timestamptz,
    threshold_epoch integer NOT NULL DEFAULT 0,
    threshold_rank  bigint NOT NULL DEFAULT 0,
    rate            real NOT NULL DEFAULT 0,          -- people a second that may come in now
    pace            real NOT NULL DEFAULT 0,          -- people a second that came in lately
    goodput_best    real NOT NULL DEFAULT 0,
    places_left     integer,
    file            text NOT NULL DEFAULT '',         -- the one file that every visitor reads
    CHECK (venue_id IS NOT NULL OR cardinality(product_ids) > 0),
    CHECK ((seed IS NULL) = (released_at IS NULL))
);

-- Who took a pass before release: one bit an account, 8,192 accounts a row.
CREATE TABLE emergency.early (
    room_id     integer NOT NULL REFERENCES emergency.room,
    chunk       integer NOT NULL CHECK (chunk >= 0),  -- account id / 8192
    bits        bit(8192) NOT NULL,
    PRIMARY KEY (room_id, chunk)
);

-- Who came later, and in which epoch.
CREATE TABLE emergency.arrival (
    room_id     integer NOT NULL REFERENCES emergency.room,
    account_id  bigint NOT NULL,
    epoch       integer NOT NULL CHECK (epoch > 0),
    PRIMARY KEY (room_id, account_id)
);

CREATE TABLE emergency.crowd (
    room_id     integer NOT NULL REFERENCES emergency.room,
    epoch       integer NOT NULL CHECK (epoch > 0),
    people      integer NOT NULL CHECK (people >= 0),
    PRIMARY KEY (room_id, epoch)
);

-- Every rise of the threshold, and every token that was given: what fairness is verified from.
CREATE TABLE emergency.step (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room_id     integer NOT NULL REFERENCES emergency.room,
    at          timestamptz NOT NULL,
    epoch       integer NOT NULL,
    rank        bigint NOT NULL
);
CREATE INDEX step_room_idx ON emergency.step (room_id, id);

CREATE TABLE emergency.exchange (
    room_id         integer NOT NULL REFERENCES emergency.room,
    code            text NOT NULL,                    -- the account's keyed hash for this room, as its holder sees it
    turn            smallint NOT NULL CHECK (turn > 0),
    epoch           integer NOT NULL,
    rank            bigint NOT NULL,
    threshold_epoch integer NOT NULL,                 -- in force when the token was given
    threshold_rank  bigint NOT NULL,
    exchanged_at    timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (room_id, code, turn)
);

-- How each web process fares, once a second while a room is open.
CREATE TABLE emergency.load_signal (
    process         text PRIMARY KEY,
    at              timestamptz NOT NULL,
    goodput_per_s   real NOT NULL,
    latency_p99_ms  real NOT NULL,
    limit_now       real NOT NULL,
    in_flight       integer NOT NULL,
    waiting         integer NOT NULL,
    shed_per_s      real NOT NULL
);

-- What the booking slice publishes to the waiting room: which slots a product and a date mean.
CREATE VIEW booking.slot_day_v AS
SELECT id AS slot_id, product_id, venue_id, on_date FROM booking.slot;

GRANT USAGE ON SCHEMA emergency TO wenyue_app;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA emergency TO wenyue_app;
GRANT UPDATE ON emergency.room, emergency.early, emergency.crowd, emergency.load_signal TO wenyue_app;
GRANT DELETE ON emergency.load_signal TO wenyue_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA emergency TO wenyue_app;
GRANT SELECT ON booking.slot_day_v TO wenyue_app;
