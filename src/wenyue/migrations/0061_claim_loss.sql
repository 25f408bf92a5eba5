-- What a settling took from an account, so that it can be given back: which cards it froze, under which name the document was seen.
CREATE TABLE accounts.claim_loss (
    traveller_id bigint NOT NULL REFERENCES accounts.traveller,
    at           timestamptz NOT NULL,
    staff_id     bigint NOT NULL REFERENCES accounts.staff,
    second_id    bigint REFERENCES accounts.staff,      -- who confirmed it, if somebody had to
    person_key   bytea NOT NULL,                        -- keyed hash of the document
    name_key     bytea NOT NULL,                        -- keyed hash of the name that was said to be on it
    was_seen     boolean NOT NULL,                      -- staff had seen the document beside a card of the account before
    card_ids     bigint[] NOT NULL,
    back_at      timestamptz,                           -- given back
    back_by      bigint REFERENCES accounts.staff,
    PRIMARY KEY (traveller_id, at)
);
CREATE INDEX claim_loss_by_staff_idx ON accounts.claim_loss (staff_id, at);
CREATE INDEX traveller_lost_idx ON accounts.traveller ((coalesce(person_key, claim_key))) WHERE claim_lost_at IS NOT NULL;
