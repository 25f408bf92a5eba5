-- One number, one person: a passport that is declared as two nationalities', or as another kind, has two person keys and one
-- number key. Only documents whose number does not say what they are have one, so that most places pay for no entry here.
ALTER TABLE booking.place ADD COLUMN number_key bytea;
CREATE UNIQUE INDEX place_one_number_idx ON booking.place (number_key, on_date, scope)
 WHERE is_live AND number_key IS NOT NULL;
