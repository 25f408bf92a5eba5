-- A code that a holder's requests share tells by itself whose it is.
CREATE INDEX recovery_shared_code_idx ON cards.recovery (code_key) WHERE is_shared AND code_key IS NOT NULL;
