-- What a venue is found by is computed when it is written (wenyue.catalogue.search): lexemes with the weight of where they stand
-- (A name, B place, C another name, D summary), and its names as they are compared with a whole query. `search_version` says by
-- which rules; 0: not yet, or something else wrote the row since. The worker fills such rows.
ALTER TABLE catalogue.venue
    ADD COLUMN aliases text[] NOT NULL DEFAULT '{}',
    ADD COLUMN search tsvector NOT NULL DEFAULT '',
    ADD COLUMN search_names text[] NOT NULL DEFAULT '{}',
    ADD COLUMN search_version smallint NOT NULL DEFAULT 0,
    ADD CONSTRAINT venue_aliases CHECK (cardinality(aliases) <= 30 AND length(aliases::text) <= 8000);

-- Whoever changes the facts without what is computed from them leaves a row that waits to be filled.
CREATE FUNCTION catalogue.search_is_old() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.search_version = OLD.search_version AND NEW.search = OLD.search
       AND (NEW.name, NEW.province, NEW.city, NEW.aliases, NEW.summary)
           IS DISTINCT FROM (OLD.name, OLD.province, OLD.city, OLD.aliases, OLD.summary) THEN
        NEW.search_version := 0;
    END IF;
    RETURN NEW;
END
$$;
-- After texts_in_step, in the order of their names: the release before writes names as pairs.
CREATE TRIGGER venue_search_is_old BEFORE UPDATE ON catalogue.venue
    FOR EACH ROW EXECUTE FUNCTION catalogue.search_is_old();

CREATE INDEX venue_search_idx ON catalogue.venue USING gin (search) WITH (fastupdate = off);
