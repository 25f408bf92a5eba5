-- What the accounts slice publishes to the gate: whose account a person is, for bookings without named places.
CREATE VIEW accounts.holder_v AS
SELECT id AS traveller_id, person_key FROM accounts.traveller WHERE person_key IS NOT NULL;
GRANT SELECT ON accounts.holder_v TO wenyue_app;
