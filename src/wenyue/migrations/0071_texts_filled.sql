-- The texts that stood there before, by language. Rows are locked as by any change of them: who reads or books waits for nothing.
UPDATE catalogue.venue
   SET name = jsonb_strip_nulls(jsonb_build_object('zh-CN', nullif(name_zh, ''), 'en', nullif(name_en, ''))),
       summary = jsonb_strip_nulls(jsonb_build_object('zh-CN', nullif(summary_zh, ''), 'en', nullif(summary_en, '')))
 WHERE name = '{}';
UPDATE catalogue.product
   SET name = jsonb_strip_nulls(jsonb_build_object('zh-CN', nullif(name_zh, ''), 'en', nullif(name_en, '')))
 WHERE name = '{}';
UPDATE catalogue.closure
   SET reason = jsonb_strip_nulls(jsonb_build_object('zh-CN', nullif(reason_zh, ''), 'en', nullif(reason_en, '')))
 WHERE reason = '{}';
UPDATE cards.card_type
   SET name = jsonb_strip_nulls(jsonb_build_object('zh-CN', nullif(name_zh, ''), 'en', nullif(name_en, '')))
 WHERE name = '{}';
UPDATE waiting_room.room
   SET title = jsonb_strip_nulls(jsonb_build_object('zh-CN', nullif(title_zh, ''), 'en', nullif(title_en, ''))),
       message = jsonb_strip_nulls(jsonb_build_object('zh-CN', nullif(message_zh, ''), 'en', nullif(message_en, '')))
 WHERE title = '{}';
-- A name is never empty from now on: where somebody left it so, the code stands in.
UPDATE catalogue.venue SET name = jsonb_build_object('zh-CN', code) WHERE name = '{}';
UPDATE catalogue.product SET name = jsonb_build_object('zh-CN', code) WHERE name = '{}';
UPDATE cards.card_type SET name = jsonb_build_object('zh-CN', code) WHERE name = '{}';
UPDATE waiting_room.room SET title = jsonb_build_object('zh-CN', code) WHERE title = '{}';
