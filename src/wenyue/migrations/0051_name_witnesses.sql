-- Who saw a name on a document: one member of staff alone fills nobody's names, and two outrank one.
ALTER TABLE accounts.known_name ADD COLUMN seen_by bigint,         -- the member of staff who noted it; NULL: typed, or from before this
                               ADD COLUMN second_by bigint,       -- another one who saw it, too
                               ADD COLUMN noted_at timestamptz,   -- when seen_by noted it
                               ADD COLUMN holder_at timestamptz,  -- the person, whose document was seen, says so
                               ADD COLUMN struck_at timestamptz;  -- struck by an operator: it speaks for nobody
COMMENT ON COLUMN accounts.known_name.seen_at IS 'since when the name speaks for the person; NULL: it does not';
CREATE INDEX known_name_seen_by_idx ON accounts.known_name (seen_by, noted_at) WHERE seen_by IS NOT NULL;
