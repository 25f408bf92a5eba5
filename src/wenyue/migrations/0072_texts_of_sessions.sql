-- The same for sessions, of which there may be a million: 15 to 30 s. Whoever closes or reprices one of them waits that long,
-- bookings do not: their rows hold no more than the session's key.
UPDATE booking.slot
   SET label = jsonb_strip_nulls(jsonb_build_object('zh-CN', nullif(label_zh, ''), 'en', nullif(label_en, ''))),
       closed_reason =
           jsonb_strip_nulls(jsonb_build_object('zh-CN', nullif(closed_reason_zh, ''), 'en', nullif(closed_reason_en, '')))
 WHERE (label = '{}' AND (label_zh <> '' OR label_en <> ''))
    OR (closed_reason = '{}' AND (closed_reason_zh <> '' OR closed_reason_en <> ''));
