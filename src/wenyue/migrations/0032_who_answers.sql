-- A person takes their place out of a booking that somebody else made with their document.
ALTER TABLE booking.place ADD COLUMN disowned_at timestamptz;
CREATE INDEX place_disowned_idx ON booking.place (person_key) WHERE disowned_at IS NOT NULL;

-- A line only ever loses places: what was drawn from the pools is in what it had at first.
CREATE FUNCTION booking.only_fewer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a line never gets more places than it was booked with' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER line_only_fewer BEFORE UPDATE OF quantity ON booking.line
    FOR EACH ROW WHEN (NEW.quantity > OLD.quantity) EXECUTE FUNCTION booking.only_fewer();

-- How often an account took its holder's places out of others' bookings since an instant.
ALTER TABLE accounts.traveller ADD COLUMN disownings integer NOT NULL DEFAULT 0,
                               ADD COLUMN disownings_from timestamptz NOT NULL DEFAULT '-infinity';

-- Under which names a person is known whose document was proved: by an account, or to staff. Keyed hashes; they name nobody.
CREATE TABLE accounts.known_name (
    person_key  bytea NOT NULL,
    name_key    bytea NOT NULL,
    added_at    timestamptz NOT NULL,
    PRIMARY KEY (person_key, name_key)
);

-- What the accounts slice publishes to booking: the names of persons, and whose account each of them has.
CREATE VIEW accounts.known_name_v AS
SELECT k.person_key, k.name_key, t.id AS traveller_id
FROM accounts.known_name k LEFT JOIN accounts.traveller t ON t.person_key = k.person_key;
