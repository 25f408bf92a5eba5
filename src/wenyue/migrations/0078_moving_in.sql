-- What an import left, so that a later one knows what somebody changed since: of a booking the instant that stood in changed_at, of
-- a pool that an import opened for as many places as its file needs, which import and with how many.
ALTER TABLE booking.booking ADD COLUMN left_at timestamptz;
ALTER TABLE booking.pool ADD COLUMN fitted_by text;
ALTER TABLE booking.pool ADD COLUMN fitted_to integer;

-- Two keys of an old system that may be one number are in one bucket: signs, blanks, width, case and zeros in front do not count.
-- What is really the same decides wenyue.imports.keys, which looks at the few of a bucket.
CREATE FUNCTION booking.key_bucket(key text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN key LIKE 'k:%'
            THEN 'k:' || ltrim(translate(upper(normalize(substr(key, 3), NFKC) COLLATE "C"),
                                         E' \t\u00a0\u200b\ufeff"''=`.\u2018\u2019\u201b-_\u2010\u2011\u2012\u2013\u2014\u2015\u2212', ''),
                               '0')
            ELSE key END;
GRANT EXECUTE ON FUNCTION booking.key_bucket(text) TO wenyue_app;
CREATE INDEX booking_source_bucket_idx ON booking.booking (source, booking.key_bucket(source_key)) WHERE source IS NOT NULL;
