-- What the application may do, table by table and column by column: what its named statements do, and no more.
-- Written by scripts/write_grants.py; applied by `wenyue migrate` at the end. tests/house/test_grants.py compares.
GRANT SELECT,
      INSERT (blocked_until, count, first_at, id, last_at, pattern, subject),
      UPDATE (blocked_until, closed_at, closed_by, count, last_at)
   ON abuse.finding TO wenyue_app;
GRANT SELECT
   ON abuse.finding_v TO wenyue_app;
GRANT SELECT,
      DELETE,
      INSERT (account, at, person),
      UPDATE (at)
   ON abuse.pair TO wenyue_app;
GRANT SELECT
   ON abuse.rule TO wenyue_app;
GRANT SELECT,
      DELETE,
      INSERT (bucket_at, count, pattern, subject),
      UPDATE (count)
   ON abuse.tally TO wenyue_app;
GRANT SELECT,
      INSERT (at, card_ids, name_key, person_key, second_id, staff_id, traveller_id, was_seen),
      UPDATE (back_at, back_by)
   ON accounts.claim_loss TO wenyue_app;
GRANT SELECT,
      INSERT (pin_hash, set_at, staff_id, venue_id),
      UPDATE (pin_hash, set_at)
   ON accounts.clerk_pin TO wenyue_app;
GRANT SELECT
   ON accounts.demo_login_v TO wenyue_app;
GRANT SELECT
   ON accounts.duty TO wenyue_app;
GRANT SELECT,
      INSERT (added_at, credential_id, kind, last_step, name, public_key, sealed, sign_count, staff_id, used_at),
      UPDATE (last_step, removed_at, sealed, sign_count, used_at)
   ON accounts.factor TO wenyue_app;
GRANT SELECT,
      INSERT (code_hash, code_until, made_at, made_by, post, venue_id),
      UPDATE (code_hash, enrolled_at, revoked_at, secret_hash)
   ON accounts.gate_device TO wenyue_app;
GRANT SELECT,
      INSERT (began_at, staff_id, token_hash, until, waits_for),
      UPDATE (ended_at)
   ON accounts.half_login TO wenyue_app;
GRANT SELECT
   ON accounts.holder_v TO wenyue_app;
GRANT SELECT,
      INSERT (added_at, holder_at, name_key, noted_at, person_key, second_by, seen_at, seen_by, struck_at),
      UPDATE (holder_at, noted_at, second_by, seen_at, seen_by, struck_at)
   ON accounts.known_name TO wenyue_app;
GRANT SELECT
   ON accounts.known_name_v TO wenyue_app;
GRANT SELECT,
      INSERT (client, created_at, device_id, expires_at, factor_at, idle_min, staff_id, steps_up, token_hash, traveller_id, used_at),
      UPDATE (ended_at, factor_at, steps_up, used_at)
   ON accounts.login TO wenyue_app;
GRANT SELECT
   ON accounts.login_v TO wenyue_app;
GRANT SELECT,
      INSERT (code_hash, made_at, staff_id),
      UPDATE (ended_at, used_at)
   ON accounts.recovery_code TO wenyue_app;
GRANT SELECT
   ON accounts.staff TO wenyue_app;
GRANT SELECT
   ON accounts.staff_act_v TO wenyue_app;
GRANT SELECT,
      INSERT (claim_key, created_at, locale, person_key, sealed),
      UPDATE (claim_lost_at, disownings, disownings_from, document_seen_at, locale, visitor_adds, visitor_adds_from)
   ON accounts.traveller TO wenyue_app;
GRANT SELECT,
      INSERT (at, key, open_at, score, slot),
      UPDATE (at, key, open_at, score, slot)
   ON accounts.tries TO wenyue_app;
GRANT SELECT,
      INSERT (created_at, is_self, person_key, sealed, traveller_id),
      UPDATE (created_at, removed_at, sealed)
   ON accounts.visitor TO wenyue_app;
GRANT SELECT,
      INSERT (action, actor, at, detail, subject)
   ON audit.entry TO wenyue_app;
GRANT SELECT
   ON audit.progress_v TO wenyue_app;
GRANT SELECT
   ON audit.seal TO wenyue_app;
GRANT SELECT
   ON booking.account_person_v TO wenyue_app;
GRANT SELECT,
      INSERT (body_hash, card_id, changed_at, channel, created_at, currency, hold_until, holder_id, id, left_at, party, source, source_key, state, total_minor),
      UPDATE (cancel_reason, changed_at, hold_until, state, total_minor)
   ON booking.booking TO wenyue_app;
GRANT SELECT
   ON booking.booking_v TO wenyue_app;
GRANT SELECT,
      INSERT (booking_id, card_id, entitlement_no, is_live, line_no, on_date, pool_ids, price_minor, product_id, quantity, slot_id, venue_id),
      UPDATE (is_live, missed_at, quantity)
   ON booking.line TO wenyue_app;
GRANT SELECT
   ON booking.line_v TO wenyue_app;
GRANT SELECT,
      INSERT (holder_id, moves, on_date),
      UPDATE (moves, on_date)
   ON booking.moved TO wenyue_app;
GRANT SELECT,
      DELETE,
      INSERT (at, booking_ids, kind),
      UPDATE (done_at)
   ON booking.outbox TO wenyue_app;
GRANT SELECT
   ON booking.outbox_v TO wenyue_app;
GRANT SELECT,
      INSERT (booking_id, is_live, line_no, number_key, on_date, person_key, scope, visitor_no),
      UPDATE (disowned_at, is_live)
   ON booking.place TO wenyue_app;
GRANT SELECT
   ON booking.place_v TO wenyue_app;
GRANT SELECT,
      INSERT (capacity, channel, fitted_by, fitted_to, is_open, kind, on_date, product_id, starts_at, venue_id),
      UPDATE (held, is_open, revision, sold)
   ON booking.pool TO wenyue_app;
GRANT SELECT
   ON booking.pool_v TO wenyue_app;
GRANT SELECT,
      INSERT (at, booking_id, gate, id, line_no, visitor_no),
      UPDATE (undo_reason, undone_at)
   ON booking.redemption TO wenyue_app;
GRANT SELECT,
      INSERT (channel_pools, closed_reason, closed_reason_en, closed_reason_zh, closes_at, currency, ends_at, is_open, label, label_en, label_zh, on_date, pool_ids, price_minor, product_id, release_at, settled_at, source, starts_at, venue_id),
      UPDATE (closed_reason, closed_reason_en, closed_reason_zh, is_open, price_minor, settled_at)
   ON booking.slot TO wenyue_app;
GRANT SELECT
   ON booking.slot_day_v TO wenyue_app;
GRANT SELECT
   ON booking.slot_v TO wenyue_app;
GRANT SELECT,
      UPDATE (activated_at, card_no, holder_id, holder_key, pin_hash, pin_is_fresh, state, valid_from, valid_to)
   ON cards.card TO wenyue_app;
GRANT SELECT
   ON cards.card_type TO wenyue_app;
GRANT SELECT,
      INSERT (card_id, person_key, sealed),
      UPDATE (removed_at, sealed)
   ON cards.companion TO wenyue_app;
GRANT SELECT,
      INSERT (card_id, card_no, died_at, reason, recovery_id, request_id)
   ON cards.dead_number TO wenyue_app;
GRANT SELECT,
      INSERT (card_id, granted, no),
      UPDATE (used)
   ON cards.entitlement TO wenyue_app;
GRANT SELECT
   ON cards.entitlement_v TO wenyue_app;
GRANT SELECT
   ON cards.presented_v TO wenyue_app;
GRANT SELECT,
      INSERT (code_key, code_until, holder_id, how, id, is_lost, is_shared, objection_key, objection_until, phone_key, proven_at, requester_key, started_at),
      UPDATE (card_ids, code_key, is_lost, login_hash, objected_at, objected_by, objection_key, objection_until, proven_at, tries)
   ON cards.recovery TO wenyue_app;
GRANT SELECT
   ON catalogue.bookable_v TO wenyue_app;
GRANT SELECT
   ON catalogue.calendar_template TO wenyue_app;
GRANT SELECT
   ON catalogue.closure TO wenyue_app;
GRANT SELECT
   ON catalogue.opening_hours TO wenyue_app;
GRANT SELECT
   ON catalogue.picture TO wenyue_app;
GRANT SELECT
   ON catalogue.picture_file TO wenyue_app;
GRANT SELECT
   ON catalogue.price TO wenyue_app;
GRANT SELECT
   ON catalogue.product TO wenyue_app;
GRANT SELECT,
      UPDATE (search, search_names, search_version)
   ON catalogue.venue TO wenyue_app;
GRANT SELECT,
      INSERT (applies_at, decided_at, digest, effect, expires_at, id, kind, money_minor, money_minor_max, places, places_max, proposed_at, proposed_by, reason, request, review_by, sessions, state, venue_id, was),
      UPDATE (decided_at, decided_by, decision, reviewed_at, reviewed_by, state)
   ON changes.change TO wenyue_app;
GRANT SELECT
   ON changes.declared TO wenyue_app;
GRANT SELECT
   ON changes.waiting_v TO wenyue_app;
GRANT SELECT,
      INSERT (account_id, epoch, room_id)
   ON emergency.arrival TO wenyue_app;
GRANT SELECT,
      INSERT (epoch, people, room_id),
      UPDATE (people)
   ON emergency.crowd TO wenyue_app;
GRANT SELECT,
      INSERT (bits, chunk, room_id),
      UPDATE (bits)
   ON emergency.early TO wenyue_app;
GRANT SELECT,
      INSERT (code, epoch, exchanged_at, expires_at, rank, room_id, threshold_epoch, threshold_rank, turn)
   ON emergency.exchange TO wenyue_app;
GRANT SELECT,
      DELETE,
      INSERT (at, goodput_per_s, in_flight, latency_p99_ms, limit_now, process, shed_per_s, waiting),
      UPDATE (at, goodput_per_s, in_flight, latency_p99_ms, limit_now, shed_per_s, waiting)
   ON emergency.load_signal TO wenyue_app;
GRANT SELECT,
      INSERT (code, commitment, created_at, epoch_s, from_day, onward, poll_s, product_ids, rate_max, release_at, sealed_seed, title, title_en, title_zh, to_day, venue_id),
      UPDATE (closed_at, file, goodput_best, is_paused, kept_at, message, message_en, message_zh, pace, places_left, rate, rate_max, released_at, seed, threshold_epoch, threshold_rank)
   ON emergency.room TO wenyue_app;
GRANT SELECT,
      INSERT (at, epoch, rank, room_id)
   ON emergency.step TO wenyue_app;
GRANT SELECT,
      DELETE,
      INSERT (at, body, booking_ids, kind, subject, version)
   ON events.event TO wenyue_app;
GRANT SELECT
   ON events.event_v TO wenyue_app;
GRANT SELECT
   ON events.lag_v TO wenyue_app;
GRANT SELECT,
      INSERT (done, name),
      UPDATE (after_id, done, error, failures, lost, lost_at, moved_at, resting_until, target)
   ON events.subscriber TO wenyue_app;
GRANT SELECT,
      DELETE,
      INSERT (due_at, error, event_id, parked_at, since, subject, subscriber, tries),
      UPDATE (due_at, error, parked_at, tries)
   ON events.undelivered TO wenyue_app;
GRANT SELECT,
      DELETE,
      INSERT (after, done_at, on_date, slot_id),
      UPDATE (after, done_at)
   ON gate.gone_through TO wenyue_app;
GRANT SELECT,
      INSERT (at, found, kind, staff_id, term, venue_id)
   ON gate.lookup TO wenyue_app;
GRANT SELECT,
      INSERT (answer, asked, at, booking_id, gate, id, line_no, presented, staff_id, venue_id, verdict, visitor_no),
      UPDATE (visitor_no)
   ON gate.scan TO wenyue_app;
GRANT SELECT,
      DELETE,
      INSERT (booking_id, on_date, term, venue_id)
   ON gate.term TO wenyue_app;
GRANT SELECT,
      INSERT (at, reason, scan_id, second_staff_id, staff_id)
   ON gate.undo TO wenyue_app;
GRANT INSERT (at, scan_id, staff_id)
   ON gate.undo_refused TO wenyue_app;
GRANT SELECT
   ON gate.undo_refused_v TO wenyue_app;
GRANT SELECT
   ON gate.undo_v TO wenyue_app;
GRANT SELECT,
      INSERT (fired_at, id, node, resolved_at, says, severity, subject, texts),
      UPDATE (resolved_at, says, severity, texts)
   ON monitoring.alert TO wenyue_app;
GRANT SELECT,
      UPDATE (is_retired)
   ON monitoring.heartbeat TO wenyue_app;
GRANT SELECT,
      INSERT (ahead_s, at, name),
      UPDATE (ahead_s, at)
   ON monitoring.node TO wenyue_app;
GRANT SELECT,
      INSERT (began_at, finished_at, looked_at, name, place),
      UPDATE (began_at, finished_at, looked_at, place)
   ON monitoring.pass TO wenyue_app;
GRANT SELECT,
      INSERT (subject, until, why),
      UPDATE (until, why)
   ON monitoring.silence TO wenyue_app;
GRANT SELECT,
      INSERT (name, node, until),
      UPDATE (node, until)
   ON monitoring.turn TO wenyue_app;
GRANT SELECT,
      INSERT (booking_id, channel, created_at, edition, holder_id, kind, phone_key, sealed, sent_at, state),
      UPDATE (sent_at, state)
   ON notifications.message TO wenyue_app;
GRANT SELECT,
      INSERT (about, created_at, holder_id, kind, phone_key, sealed),
      UPDATE (created_at, phone_key, sealed, sent_at, state)
   ON notifications.notice TO wenyue_app;
GRANT SELECT,
      INSERT (holder_id, phone_key, proved_at),
      UPDATE (proved_at)
   ON notifications.phone_account TO wenyue_app;
GRANT SELECT,
      INSERT (policy_code, reason, subject_key, until),
      UPDATE (created_at, reason, until)
   ON policy.ban TO wenyue_app;
GRANT SELECT,
      INSERT (day_kind, name_zh, on_date, source),
      UPDATE (day_kind, name_zh, source)
   ON policy.holiday_override TO wenyue_app;
GRANT SELECT
   ON policy.preset TO wenyue_app;
GRANT SELECT,
      INSERT (booking_id, kind, on_date, policy_code, subject_key)
   ON policy.strike TO wenyue_app;
GRANT SELECT
   ON public.procrastinate_events TO wenyue_app;
GRANT SELECT
   ON public.procrastinate_jobs TO wenyue_app;
GRANT SELECT
   ON public.procrastinate_workers TO wenyue_app;
GRANT SELECT
   ON public.schema_migration TO wenyue_app;
GRANT SELECT
   ON retention.period_v TO wenyue_app;
GRANT SELECT,
      INSERT (account_id, epoch, room_id)
   ON waiting_room.arrival TO wenyue_app;
GRANT SELECT,
      INSERT (epoch, people, room_id),
      UPDATE (people)
   ON waiting_room.crowd TO wenyue_app;
GRANT SELECT,
      INSERT (bits, chunk, room_id),
      UPDATE (bits)
   ON waiting_room.early TO wenyue_app;
GRANT SELECT,
      INSERT (code, epoch, exchanged_at, expires_at, rank, room_id, threshold_epoch, threshold_rank, turn)
   ON waiting_room.exchange TO wenyue_app;
GRANT SELECT,
      DELETE,
      INSERT (at, goodput_per_s, in_flight, latency_p99_ms, limit_now, process, shed_per_s, waiting),
      UPDATE (at, goodput_per_s, in_flight, latency_p99_ms, limit_now, shed_per_s, waiting)
   ON waiting_room.load_signal TO wenyue_app;
GRANT SELECT,
      INSERT (code, commitment, created_at, epoch_s, from_day, onward, poll_s, product_ids, rate_max, release_at, sealed_seed, title, title_en, title_zh, to_day, venue_id),
      UPDATE (closed_at, file, goodput_best, is_paused, kept_at, message, message_en, message_zh, pace, places_left, rate, rate_max, released_at, seed, threshold_epoch, threshold_rank)
   ON waiting_room.room TO wenyue_app;
GRANT SELECT,
      INSERT (at, epoch, rank, room_id)
   ON waiting_room.step TO wenyue_app;
GRANT SELECT,
      INSERT (fired_at, id, node, resolved_at, says, severity, subject, texts),
      UPDATE (resolved_at, says, severity, texts)
   ON watch.alert TO wenyue_app;
GRANT SELECT,
      UPDATE (is_retired)
   ON watch.heartbeat TO wenyue_app;
GRANT SELECT,
      INSERT (ahead_s, at, name),
      UPDATE (ahead_s, at)
   ON watch.node TO wenyue_app;
GRANT SELECT,
      INSERT (began_at, finished_at, looked_at, name, place),
      UPDATE (began_at, finished_at, looked_at, place)
   ON watch.pass TO wenyue_app;
GRANT SELECT,
      INSERT (subject, until, why),
      UPDATE (until, why)
   ON watch.silence TO wenyue_app;
GRANT SELECT,
      INSERT (name, node, until),
      UPDATE (node, until)
   ON watch.turn TO wenyue_app;
