-- A document that was only typed is a claim: several accounts may claim one, until staff have seen whose it is. The first keeps it
-- in person_key, which is unique (an older version goes on by that), further ones in claim_key.
ALTER TABLE accounts.traveller ADD COLUMN claim_key bytea,
                               ADD COLUMN document_seen_at timestamptz,  -- staff saw the document beside a card of the account
                               ADD COLUMN claim_lost_at timestamptz;     -- the document turned out to be somebody else's
CREATE INDEX traveller_document_idx ON accounts.traveller ((coalesce(person_key, claim_key))) WHERE claim_lost_at IS NULL;
CREATE INDEX traveller_seen_idx ON accounts.traveller ((coalesce(person_key, claim_key))) WHERE document_seen_at IS NOT NULL AND claim_lost_at IS NULL;

-- Whose document each account claims, and whether staff saw it.
CREATE OR REPLACE VIEW accounts.holder_v AS
SELECT id AS traveller_id, coalesce(person_key, claim_key) AS person_key, document_seen_at IS NOT NULL AS is_seen
FROM accounts.traveller WHERE coalesce(person_key, claim_key) IS NOT NULL AND claim_lost_at IS NULL;

-- A claim gives nobody a say in a person's name: only the account of a document that was seen.
CREATE OR REPLACE VIEW accounts.known_name_v AS
SELECT k.person_key, k.name_key, t.id AS traveller_id
FROM accounts.known_name k
LEFT JOIN accounts.traveller t ON coalesce(t.person_key, t.claim_key) = k.person_key
      AND t.document_seen_at IS NOT NULL AND t.claim_lost_at IS NULL
WHERE k.seen_at IS NOT NULL;
