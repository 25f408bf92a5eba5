-- How many visitors an account tried to add since an instant: each try could be a guess at somebody's document number.
ALTER TABLE accounts.traveller ADD COLUMN visitor_adds integer NOT NULL DEFAULT 0,
                               ADD COLUMN visitor_adds_from timestamptz NOT NULL DEFAULT '-infinity';
