-- name: venue
-- One venue of the fixtures.
INSERT INTO catalogue.venue (code, kind, name, is_demo)
VALUES (%(code)s, %(kind)s, jsonb_build_object('zh-CN', %(name)s::text), true)
RETURNING id

-- name: product
-- One product.
INSERT INTO catalogue.product (venue_id, code, kind, name, price_minor, policy_code, needs_visitors, person_rule)
VALUES (%(venue_id)s, %(code)s, %(kind)s, jsonb_build_object('zh-CN', %(code)s::text), %(price_minor)s, %(policy_code)s, %(needs_visitors)s, %(person_rule)s)
RETURNING id

-- name: pool
-- One pool, or the one that is there (a day pool is shared by the day's sessions).
INSERT INTO booking.pool (kind, venue_id, product_id, on_date, starts_at, channel, capacity)
VALUES (%(kind)s, %(venue_id)s, %(product_id)s, %(on_date)s, %(starts_at)s, %(channel)s, %(capacity)s)
ON CONFLICT ON CONSTRAINT pool_natural_key DO UPDATE SET capacity = excluded.capacity
RETURNING id

-- name: slot
-- One slot on its pools.
INSERT INTO booking.slot (product_id, venue_id, on_date, starts_at, ends_at, release_at, closes_at, price_minor,
                          pool_ids, channel_pools)
VALUES (%(product_id)s, %(venue_id)s, %(on_date)s, %(starts_at)s, %(ends_at)s, %(release_at)s, %(closes_at)s,
        %(price_minor)s, %(pool_ids)s, %(channel_pools)s)
RETURNING id

-- name: traveller
-- One holder.
INSERT INTO accounts.traveller (person_key, sealed, document_seen_at) VALUES (%(person_key)s, '', now()) RETURNING id

-- name: card_type
-- A card type from its rules.
INSERT INTO cards.card_type (code, name, rules, source)
VALUES (%(code)s, jsonb_build_object('zh-CN', %(code)s::text), %(rules)s, 'fixtures')
ON CONFLICT (code) DO NOTHING

-- name: card
-- An active card.
INSERT INTO cards.card (card_no, type_code, state, pin_hash, valid_from, valid_to, holder_id, holder_key, activated_at)
VALUES (%(card_no)s, %(type_code)s, 3, '', %(valid_from)s, %(valid_to)s, %(holder_id)s, %(holder_key)s, now())
RETURNING id

-- name: entitlement
-- One of its entitlements.
INSERT INTO cards.entitlement (card_id, no, granted) VALUES (%(card_id)s, %(no)s, %(granted)s)
