-- What an import left of each card that it brought: the next one compares the file with this, and changes here only what still is
-- as it was left. Of people there are keyed hashes; they name nobody.
CREATE TABLE cards.imported (
    source      text NOT NULL,                      -- the old system's data, as the map names it
    card_no     text NOT NULL,                      -- the number there; the card may have another by now (补卡)
    loose       text NOT NULL,                      -- what numbers that a person could take for this one have in common
    card_id     bigint NOT NULL UNIQUE REFERENCES cards.card,
    holder_id   bigint REFERENCES accounts.traveller,   -- the account that an import opened for the holder
    said        jsonb NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (source, card_no)
);
CREATE INDEX imported_loose_idx ON cards.imported (source, loose);
CREATE INDEX imported_holder_idx ON cards.imported (holder_id) WHERE holder_id IS NOT NULL;
