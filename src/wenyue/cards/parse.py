"""The strict reader of card types: what the JSON says is what the rules do, or an error names the field and the fix."""

import re
from typing import Any, Final, TypeVar

import msgspec

from wenyue.cards.model import Blackout, CardRules, CardType, EntitlementRule, Limit
from wenyue.locale import DEFAULT, SOURCE, Texts, paired, unpaired

ENTITLEMENTS_MAX: Final = 32
YEAR_MIN: Final = 2000
YEAR_MAX: Final = 2200
LIST_MAX: Final = 100  # blackouts, limits, codes
NUMBER_MAX: Final = 100_000
T = TypeVar("T")
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_MONTH_DAY: Final = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


class RulesError(ValueError):
    """A card type is wrong; the message says where (`rules.limits[0].max`) and what would be right."""


def parse_rules(raw: str | bytes | dict[str, Any]) -> CardRules:
    """The rules in a JSON text or its parsed form. Raises RulesError, never anything else."""
    rules = _decode(raw, CardRules)
    _check(rules)
    return rules


def parse_type(raw: str | bytes) -> CardType:
    """A card type file: code, names, source and rules. Raises RulesError."""
    card_type = _decode(raw, CardType)
    if not _CODE.fullmatch(card_type.code):
        raise RulesError("code: use 1 to 64 of a-z, 0-9 and hyphens, not starting with a hyphen")
    if not card_type.source.strip():
        raise RulesError("source: must not be empty")
    _check_name(card_type.name, "name")
    _check(card_type.rules)
    return card_type


def stored(rules: CardRules) -> object:
    """The rules as the database keeps them: the release before reads names in pairs."""
    return paired(msgspec.to_builtins(rules, order="deterministic"), "name")


def _decode(raw: str | bytes | dict[str, Any], kind: type[T]) -> T:
    try:
        document = raw if isinstance(raw, dict) else msgspec.json.decode(raw)
        return msgspec.convert(unpaired(document, "name"), kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise RulesError(str(error).replace("$.", "").replace("`$`", "the top level")) from None


def _check(rules: CardRules) -> None:
    _require(
        1 <= len(rules.entitlements) <= ENTITLEMENTS_MAX, "entitlements", f"1 to {ENTITLEMENTS_MAX} of them"
    )
    for no, entitlement in enumerate(rules.entitlements):
        _check_entitlement(entitlement, f"entitlements[{no}]")
    _check_limits(rules.limits, "limits")
    _require(len(rules.blackouts) <= LIST_MAX, "blackouts", f"at most {LIST_MAX}")
    for no, blackout in enumerate(rules.blackouts):
        _check_blackout(blackout, f"blackouts[{no}]")
    _check_numbers(rules)
    _check_validity(rules)
    _check_people(rules)


def _check_name(name: Texts, where: str) -> None:
    is_said = all(name.get(tag, "").strip() for tag in (DEFAULT, SOURCE))
    _require(is_said, where, "travellers read it in Chinese and in English; write both")


def _check_entitlement(rule: EntitlementRule, where: str) -> None:
    _check_name(rule.name, f"{where}.name")
    _in_range(rule.granted, 1, f"{where}.granted")
    _in_range(rule.interval_days, 0, f"{where}.interval_days")
    _check_limits(rule.limits, f"{where}.limits")
    scope = rule.scope
    for name in ("codes", "tags", "except_codes"):
        _require(len(getattr(scope, name)) <= 1000, f"{where}.scope.{name}", "at most 1000")


def _check_limits(limits: tuple[Limit, ...], where: str) -> None:
    _require(len(limits) <= LIST_MAX, where, f"at most {LIST_MAX}")
    for no, limit in enumerate(limits):
        _in_range(limit.max, 1, f"{where}[{no}].max")


def _check_blackout(blackout: Blackout, where: str) -> None:
    has_dates = blackout.from_date is not None or blackout.to_date is not None
    has_month_days = bool(blackout.from_md or blackout.to_md)
    said = [bool(blackout.holiday), has_dates, has_month_days]
    _require(sum(said) == 1, where, "give one of holiday, from_date + to_date, from_md + to_md")
    if has_dates:
        first, last = blackout.from_date, blackout.to_date
        is_range = first is not None and last is not None and first <= last
        _require(is_range, f"{where}.to_date", "give from_date and to_date, the first not after the last")
    if has_month_days:
        _check_month_day(blackout.from_md, f"{where}.from_md")
        _check_month_day(blackout.to_md, f"{where}.to_md")


def _check_numbers(rules: CardRules) -> None:
    validity, activation, lead = rules.validity, rules.activation, rules.lead
    for name, value, low in (
        ("price_minor", rules.price_minor, 0),
        ("replacement_fee_minor", rules.replacement_fee_minor, 0),
        ("companions_max", rules.companions_max, 0),
        ("companion_age_max", rules.companion_age_max, 0),
        ("holder_age_min", rules.holder_age_min, 0),
        ("holder_age_max", rules.holder_age_max, 0),
        ("party_max", rules.party_max, 1),
        ("open_max", rules.open_max, 1),
        ("activation.within_months", activation.within_months, 1),
        ("activation.within_days", activation.within_days, 0),
        ("activation.auto_after_days", activation.auto_after_days, 0),
        ("validity.plus_days", validity.plus_days, 0),
        ("validity.months", validity.months, 1),
        ("validity.days", validity.days, 1),
        ("lead.minutes", lead.minutes, 0),
        ("lead.days", lead.days, 0),
        ("release.days", rules.release.days if rules.release else None, 0),
    ):
        high = 36_500 if ("days" in name or "months" in name) else NUMBER_MAX * 100
        _in_range(value, low, name, high)
    for name, months in (("activation", activation.within_months), ("validity", validity.months)):
        _in_range(months, 1, f"{name} months", 1200)


def _check_validity(rules: CardRules) -> None:
    validity = rules.validity
    has_end = validity.months is not None or validity.days is not None or validity.until is not None
    _require(has_end, "validity", "give months, days or until: a card that never ends cannot be settled")
    is_fixed = validity.starts == "fixed"
    _require(
        is_fixed == (validity.fixed_from is not None), "validity.fixed_from", 'belongs to starts: "fixed"'
    )
    for name, day in (
        ("validity.fixed_from", validity.fixed_from),
        ("validity.until", validity.until),
        ("activation.until", rules.activation.until),
    ):
        _require(
            day is None or YEAR_MIN <= day.year <= YEAR_MAX, name, f"a day from {YEAR_MIN} to {YEAR_MAX}"
        )
    if validity.fixed_from and validity.until:
        _require(validity.fixed_from <= validity.until, "validity.until", "not before fixed_from")
    if validity.starts == "first_use":
        _require(validity.plus_days == 0, "validity.plus_days", "cannot follow the first visit: leave it out")
        _require(
            rules.activation.auto_after_days is None,
            "activation.auto_after_days",
            "contradicts validity from the first visit: leave it out",
        )
    if rules.lead.until is not None:
        _require(rules.lead.days > 0, "lead.until", "needs lead.days, the day it belongs to")
    if rules.sold_from_md or rules.sold_to_md:
        _check_month_day(rules.sold_from_md, "sold_from_md")
        _check_month_day(rules.sold_to_md, "sold_to_md")


def _check_people(rules: CardRules) -> None:
    low, high = rules.holder_age_min, rules.holder_age_max
    _require(low is None or high is None or low <= high, "holder_age_max", "not below holder_age_min")
    _require(
        rules.companions_max == 0 or rules.admits != "holder",
        "admits",
        '"named" or "anyone" when there are companions',
    )
    is_senior = rules.person_type == "senior"
    _require(not is_senior or low is not None, "holder_age_min", 'needed for person_type "senior"')
    needs_more = rules.person_type in {"family", "parent_child"}
    _require(not needs_more or rules.party_max > 1, "party_max", "above 1 for family cards")


def _check_month_day(text: str, where: str) -> None:
    _require(bool(_MONTH_DAY.fullmatch(text)), where, "write MM-DD, for example 04-15")


def _in_range(value: int | None, low: int, where: str, high: int = NUMBER_MAX) -> None:
    _require(value is None or low <= value <= high, where, f"a whole number from {low} to {high}")


def _require(is_right: bool, where: str, fix: str) -> None:  # noqa: FBT001 - the condition is the point
    if not is_right:
        raise RulesError(f"{where}: {fix}")
