-- Which list brought a product or a session, so that a later one can tell what it has no more.
ALTER TABLE catalogue.product ADD COLUMN source text NOT NULL DEFAULT '';
ALTER TABLE booking.slot ADD COLUMN source text;
