-- What somebody who comes wants to know of a venue (wenyue.catalogue.VenueFacts): address, entrance, ways there, what to see, each
-- a text by language; a phone. The release before neither reads nor writes it.
ALTER TABLE catalogue.venue
    ADD COLUMN facts jsonb NOT NULL DEFAULT '{}',
    ADD CONSTRAINT venue_facts CHECK (
        jsonb_typeof(facts) = 'object' AND length(facts::text) <= 60000
        AND NOT facts @? '$.keyvalue() ? (@.key != "phone").value.keyvalue() ? (
            !(@.key like_regex "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$") || @.value.type() != "string" || @.value == "")');
