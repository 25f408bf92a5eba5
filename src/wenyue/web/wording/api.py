"""What the API says about requests that never reach the engine, and about fields of the wrong form."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from wenyue.locale import Locale, Message

API_WORDS: Final[dict[str, Message]] = {
    "fields": Message("problem.fields"),
    "bad_json": Message("problem.bad_json"),
    "invalid_body": Message("problem.invalid_body"),
    "body_too_large": Message("problem.body_too_large"),
    "bad_host": Message("problem.bad_host"),
    "proof_needed": Message("problem.proof_needed"),
    "code_wrong": Message("problem.code_wrong"),
    "phone_needed": Message("problem.phone_needed"),
    "counter_too_often": Message("problem.counter_too_often"),
    "counter_stopped": Message("problem.counter_stopped"),
    "operators_only": Message("problem.operators_only"),
    "holder_unknown": Message("problem.holder_unknown"),
    "login_needed": Message("problem.login_needed"),
    "id_needed": Message("problem.id_needed"),
    "bad_range": Message("problem.bad_range"),
    "bad_index": Message("problem.bad_index"),
    "price_needed": Message("problem.price_needed"),
    "card_needed": Message("problem.card_needed"),
    "busy": Message("problem.busy"),
    "overloaded": Message("problem.overloaded"),
    "too_often": Message("problem.too_often"),
    "account_blocked": Message("problem.account_blocked"),
    "not_yet_known": Message("problem.not_yet_known"),
    "travellers_only": Message("problem.travellers_only"),
    "line_twice": Message("problem.line_twice"),
    "not_found": Message("problem.not_found"),
    "method": Message("problem.method"),
    "media_type": Message("problem.media_type"),
    "slow_body": Message("problem.slow_body"),
    "bad_cursor": Message("problem.bad_cursor"),
    "key_needed": Message("problem.key_needed"),
    "waiting_room": Message("problem.waiting_room"),
    "room_unknown": Message("problem.room_unknown"),
    "room_closed": Message("problem.room_closed"),
    "room_pass_bad": Message("problem.room_pass_bad"),
    "room_not_yet": Message("problem.room_not_yet"),
    "room_turns_used": Message("problem.room_turns_used"),
    "visitors_full": Message("problem.visitors_full"),
    "name_differs": Message("problem.name_differs"),
    "disown_often": Message("problem.disown_often"),
    "document_unseen": Message("problem.document_unseen"),
    "holder_seen": Message("problem.holder_seen"),
    "holder_second": Message("problem.holder_second"),
    "holder_second_unfit": Message("problem.holder_second_unfit"),
    "holder_often": Message("problem.holder_often"),
    "cards_or_none": Message("problem.cards_or_none"),
    "names_full": Message("problem.names_full"),
    "visitors_often": Message("problem.visitors_often"),
    "internal": Message("problem.internal"),
}

# What is wrong with the form of one field. The face says the bound or the choices after it.
FIELD_WORDS: Final[Mapping[str, Message]] = {
    "missing": Message("field.missing"),
    "unknown_field": Message("field.unknown_field"),
    "wrong_type": Message("field.wrong_type"),
    "out_of_range": Message("field.out_of_range"),
    "wrong_length": Message("field.wrong_length"),
    "one_line": Message("field.one_line"),
    "wrong_form": Message("field.wrong_form"),
    "no_texts": Message("field.no_texts"),
}


@cache
def say_problem(code: str, locale: Locale) -> str:
    """The title of a problem of API_WORDS, as every refusal has it. Raises KeyError for another code."""
    return API_WORDS[code].say(locale)
