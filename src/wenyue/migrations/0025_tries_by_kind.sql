-- Counters of failed tries: a range of slots for each kind of secret and of counter, so that no flood of one reaches another's.
ALTER TABLE accounts.tries DROP CONSTRAINT tries_slot_check,
                           ADD CONSTRAINT tries_slot_check CHECK (slot BETWEEN 0 AND 344064);

-- Document and phone prove who somebody is also when nothing was lost: then cards and logins stay as they are.
ALTER TABLE cards.recovery ADD COLUMN is_lost boolean NOT NULL DEFAULT true;
