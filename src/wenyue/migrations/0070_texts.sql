-- Texts that operators write stand by language, {"zh-CN": "…", "en": "…"}, in one column each, beside the pairs of columns in
-- which the release before reads and writes them; a trigger keeps both the same. The release after this one drops the pairs
-- (docs/adr/0044-texts.md). Here only the database's own catalogue changes: no row is touched, no table is read.
-- What everybody reads comes last, and is locked for a moment only.
ALTER TABLE catalogue.closure ADD COLUMN reason jsonb NOT NULL DEFAULT '{}';
ALTER TABLE waiting_room.room ADD COLUMN title jsonb NOT NULL DEFAULT '{}', ADD COLUMN message jsonb NOT NULL DEFAULT '{}';
ALTER TABLE cards.card_type ADD COLUMN name jsonb NOT NULL DEFAULT '{}';
ALTER TABLE catalogue.venue ADD COLUMN name jsonb NOT NULL DEFAULT '{}', ADD COLUMN summary jsonb NOT NULL DEFAULT '{}';
ALTER TABLE catalogue.product ADD COLUMN name jsonb NOT NULL DEFAULT '{}';
ALTER TABLE booking.slot ADD COLUMN label jsonb NOT NULL DEFAULT '{}', ADD COLUMN closed_reason jsonb NOT NULL DEFAULT '{}';

-- For each text that the trigger names: whichever of the two forms was written, the other follows. What is changed in a pair
-- leaves further languages as they are, unless the Chinese changed: then they say what is no longer so.
CREATE FUNCTION public.texts_in_step() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    text_name text;
    now_is jsonb := to_jsonb(NEW);
    was jsonb := '{}';
    texts jsonb;
    zh text;
    en text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        was := to_jsonb(OLD);
    END IF;
    FOREACH text_name IN ARRAY TG_ARGV LOOP
        texts := now_is -> text_name;
        zh := coalesce(now_is ->> (text_name || '_zh'), '');
        en := coalesce(now_is ->> (text_name || '_en'), '');
        IF texts IS DISTINCT FROM coalesce(was -> text_name, '{}') THEN
            IF (coalesce(texts ->> 'zh-CN', ''), coalesce(texts ->> 'en', '')) <> (zh, en) OR (zh, en) = ('', '') THEN
                zh := coalesce(texts ->> 'zh-CN', texts ->> 'en', (SELECT min(t #>> '{}') FROM jsonb_path_query(texts, '$.*') t), '');
                en := coalesce(texts ->> 'en', '');
            END IF;
        ELSIF zh <> coalesce(was ->> (text_name || '_zh'), '') OR en <> coalesce(was ->> (text_name || '_en'), '') THEN
            IF zh <> coalesce(was ->> (text_name || '_zh'), '') THEN
                texts := '{}';
            END IF;
            texts := (texts - ARRAY['zh-CN', 'en'])
                || jsonb_strip_nulls(jsonb_build_object('zh-CN', nullif(zh, ''), 'en', nullif(en, '')));
        END IF;
        NEW := jsonb_populate_record(NEW, jsonb_build_object(text_name, texts, text_name || '_zh', zh, text_name || '_en', en));
    END LOOP;
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION public.texts_in_step() FROM PUBLIC;

CREATE TRIGGER texts_in_step BEFORE INSERT OR UPDATE OF name, name_zh, name_en, summary, summary_zh, summary_en
    ON catalogue.venue FOR EACH ROW EXECUTE FUNCTION public.texts_in_step('name', 'summary');
CREATE TRIGGER texts_in_step BEFORE INSERT OR UPDATE OF name, name_zh, name_en
    ON catalogue.product FOR EACH ROW EXECUTE FUNCTION public.texts_in_step('name');
CREATE TRIGGER texts_in_step BEFORE INSERT OR UPDATE OF reason, reason_zh, reason_en
    ON catalogue.closure FOR EACH ROW EXECUTE FUNCTION public.texts_in_step('reason');
CREATE TRIGGER texts_in_step BEFORE INSERT OR UPDATE OF name, name_zh, name_en
    ON cards.card_type FOR EACH ROW EXECUTE FUNCTION public.texts_in_step('name');
CREATE TRIGGER texts_in_step BEFORE INSERT OR UPDATE OF title, title_zh, title_en, message, message_zh, message_en
    ON waiting_room.room FOR EACH ROW EXECUTE FUNCTION public.texts_in_step('title', 'message');
-- Sessions are opened by the ten thousand: one without a text costs nothing.
CREATE TRIGGER texts_of_new_in_step BEFORE INSERT ON booking.slot FOR EACH ROW
    WHEN (NEW.label <> '{}' OR NEW.closed_reason <> '{}' OR NEW.label_zh <> '' OR NEW.label_en <> ''
          OR NEW.closed_reason_zh <> '' OR NEW.closed_reason_en <> '')
    EXECUTE FUNCTION public.texts_in_step('label', 'closed_reason');
-- What is filled in the next migrations needs no look at its pair: the trigger learns of the new columns after that.
CREATE TRIGGER texts_in_step BEFORE UPDATE OF label_zh, label_en, closed_reason_zh, closed_reason_en
    ON booking.slot FOR EACH ROW EXECUTE FUNCTION public.texts_in_step('label', 'closed_reason');

CREATE OR REPLACE VIEW catalogue.bookable_v AS
SELECT p.id AS product_id, p.venue_id, p.kind AS product_kind, p.person_rule, p.needs_visitors, p.policy_code,
       p.is_first_gate, p.name_zh AS product_zh, p.name_en AS product_en,
       v.code AS venue_code, v.kind AS venue_kind, v.tags AS venue_tags, v.timezone,
       v.name_zh AS venue_zh, v.name_en AS venue_en, p.name AS product, v.name AS venue
  FROM catalogue.product p
  JOIN catalogue.venue v ON v.id = p.venue_id;
CREATE OR REPLACE VIEW emergency.room AS TABLE waiting_room.room;

CREATE FUNCTION catalogue.announce_closure(venue bigint, product bigint, first date, last date, why jsonb, of text)
    RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    added bigint;
BEGIN
    INSERT INTO catalogue.closure (venue_id, product_id, from_date, to_date, reason, source)
    SELECT venue, product, first, last, why, of
     WHERE NOT EXISTS (
        SELECT 1 FROM catalogue.closure c
         WHERE c.venue_id = venue AND c.product_id IS NOT DISTINCT FROM product
           AND c.from_date = first AND c.to_date = last AND c.lifted_at IS NULL)
    RETURNING id INTO added;
    IF added IS NOT NULL THEN
        INSERT INTO audit.entry (at, actor, action, subject, detail)
        VALUES (clock_timestamp(), 'system:database', 'closure.announced', 'closure:' || added,
                jsonb_build_object('venue', venue, 'product', product, 'from', first, 'to', last));
    END IF;
    RETURN added;
END
$$;
REVOKE EXECUTE ON FUNCTION catalogue.announce_closure(bigint, bigint, date, date, jsonb, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION catalogue.announce_closure(bigint, bigint, date, date, jsonb, text) TO wenyue_app;
