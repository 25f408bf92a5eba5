-- What such a column holds: texts that are not empty, by the tags of their languages (as `wenyue.locale.Texts`), of a bounded
-- length; a name or a title in one language at least. What is written from now on is checked at once, the next migration looks
-- at what stands there, while everybody goes on.
ALTER TABLE catalogue.venue
    ADD CONSTRAINT venue_name_texts CHECK (
        name <> '{}' AND jsonb_typeof(name) = 'object' AND length(name::text) <= 20000
        AND NOT name @? '$.keyvalue() ? (!(@.key like_regex "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
                                          || @.value.type() != "string" || @.value == "")') NOT VALID,
    ADD CONSTRAINT venue_summary_texts CHECK (
        jsonb_typeof(summary) = 'object' AND length(summary::text) <= 20000
        AND NOT summary @? '$.keyvalue() ? (!(@.key like_regex "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
                                          || @.value.type() != "string" || @.value == "")') NOT VALID;
ALTER TABLE catalogue.product
    ADD CONSTRAINT product_name_texts CHECK (
        name <> '{}' AND jsonb_typeof(name) = 'object' AND length(name::text) <= 20000
        AND NOT name @? '$.keyvalue() ? (!(@.key like_regex "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
                                          || @.value.type() != "string" || @.value == "")') NOT VALID;
ALTER TABLE catalogue.closure
    ADD CONSTRAINT closure_reason_texts CHECK (
        jsonb_typeof(reason) = 'object' AND length(reason::text) <= 20000
        AND NOT reason @? '$.keyvalue() ? (!(@.key like_regex "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
                                          || @.value.type() != "string" || @.value == "")') NOT VALID;
ALTER TABLE cards.card_type
    ADD CONSTRAINT card_type_name_texts CHECK (
        name <> '{}' AND jsonb_typeof(name) = 'object' AND length(name::text) <= 20000
        AND NOT name @? '$.keyvalue() ? (!(@.key like_regex "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
                                          || @.value.type() != "string" || @.value == "")') NOT VALID;
ALTER TABLE booking.slot
    ADD CONSTRAINT slot_label_texts CHECK (
        jsonb_typeof(label) = 'object' AND length(label::text) <= 20000
        AND NOT label @? '$.keyvalue() ? (!(@.key like_regex "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
                                          || @.value.type() != "string" || @.value == "")') NOT VALID,
    ADD CONSTRAINT slot_closed_reason_texts CHECK (
        jsonb_typeof(closed_reason) = 'object' AND length(closed_reason::text) <= 20000
        AND NOT closed_reason @? '$.keyvalue() ? (!(@.key like_regex "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
                                          || @.value.type() != "string" || @.value == "")') NOT VALID;
ALTER TABLE waiting_room.room
    ADD CONSTRAINT room_title_texts CHECK (
        title <> '{}' AND jsonb_typeof(title) = 'object' AND length(title::text) <= 20000
        AND NOT title @? '$.keyvalue() ? (!(@.key like_regex "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
                                          || @.value.type() != "string" || @.value == "")') NOT VALID,
    ADD CONSTRAINT room_message_texts CHECK (
        jsonb_typeof(message) = 'object' AND length(message::text) <= 20000
        AND NOT message @? '$.keyvalue() ? (!(@.key like_regex "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
                                          || @.value.type() != "string" || @.value == "")') NOT VALID;

CREATE OR REPLACE TRIGGER texts_in_step
    BEFORE UPDATE OF label, label_zh, label_en, closed_reason, closed_reason_zh, closed_reason_en
    ON booking.slot FOR EACH ROW EXECUTE FUNCTION public.texts_in_step('label', 'closed_reason');

-- By which the places of a province are found without the columns that go.
CREATE INDEX venue_of_province_idx ON catalogue.venue (province, id);
