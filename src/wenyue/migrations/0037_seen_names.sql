-- A name that somebody typed with a document is not one that staff saw on it: only the latter speaks for a person.
ALTER TABLE accounts.known_name ADD COLUMN seen_at timestamptz;

CREATE OR REPLACE VIEW accounts.known_name_v AS
SELECT k.person_key, k.name_key, t.id AS traveller_id
FROM accounts.known_name k LEFT JOIN accounts.traveller t ON t.person_key = k.person_key
WHERE k.seen_at IS NOT NULL;
