"""Why a row of a list of products is not taken, and what it makes where it is. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from wenyue.application.product_rows import made_product
from wenyue.catalogue import Product, Venue
from wenyue.imports.products import ProductRow, new_product_code
from wenyue.imports.refusals import Reason, Refusal
from wenyue.locale import DEFAULT, Message


def find_product(
    here: Sequence[Product], row: ProductRow, codes: Collection[str]
) -> tuple[Product | None, str, Refusal | None]:
    """The product that a row means, by what it was recognised, and why it cannot be taken.

    `here`: what its venue sells; `codes`: those that the list has, whose products have no other row.
    """
    for one in here:
        if row.code and one.code == row.code:
            return one, "code", product_conflict(one, row)
    named = [one for one in here if one.name.get(DEFAULT) == row.name[DEFAULT] and one.code not in codes]
    if len(named) > 1:
        listed = ", ".join(one.code for one in named)
        fix = Message("several products there are called so: say which by its code ({codes})", codes=listed)
        return None, "", refusal_of(Reason.CONFLICT, row, fix)
    if named:
        return named[0], "name", product_conflict(named[0], row)
    code = new_product_code(row)
    if any(one.code == code for one in here):
        fix = Message("it is here under another name; say that it is the same by its code: {code}", code=code)
        return None, "", refusal_of(Reason.CONFLICT, row, fix)
    return None, "", None


def product_conflict(before: Product, row: ProductRow) -> Refusal | None:
    """Of a product that is here a list changes neither the kind nor the currency."""
    if row.kind not in {"", before.kind}:
        return refusal_of(
            Reason.CONFLICT, row, Message("it is here as another kind: {kind}", kind=before.kind), row.kind
        )
    if row.currency not in {"", before.currency}:
        fix = Message("it is here with another currency: {currency}", currency=before.currency)
        return refusal_of(Reason.CONFLICT, row, fix, row.currency)
    return None


def policy_of(row: ProductRow, presets: Mapping[str, Mapping[str, str]]) -> str | Refusal:
    """The code of the preset that the row names by code or name; '' where it names none. `presets`: names by code."""
    if not row.policy:
        return ""
    if (code := row.policy.lower()) in presets:
        return code
    named = [code for code, names in presets.items() if row.policy in names.values()]
    if len(named) == 1:
        return named[0]
    fix = Message(
        "no preset here has this code or name; there are {known}", known=", ".join(sorted(presets)[:20])
    )
    return refusal_of(Reason.UNKNOWN_WORD, row, fix, row.policy)


def refusal_of(reason: Reason, row: ProductRow, fix: Message, value: str = "") -> Refusal:
    """The refusal of a row; `value`: what stands in the way, else its name."""
    return Refusal(reason, "", value or row.name[DEFAULT], fix)


def made_of(here: Sequence[Product], venue: Venue, row: ProductRow, source: str) -> Product | Refusal:
    """The product that a row makes, in the money in which its venue sells. `here`: what it sells."""
    if row.price_minor is None:
        return refusal_of(Reason.MISSING, row, Message("say what a place costs: 0 where it is free"))
    moneys = {one.currency for one in here}
    if row.currency and moneys and row.currency not in moneys:
        fix = Message("the venue sells in another currency: {currency}", currency=", ".join(sorted(moneys)))
        return refusal_of(Reason.CONFLICT, row, fix, row.currency)
    currency = row.currency or (min(moneys) if len(moneys) == 1 else "CNY")
    return made_product(replace(row, currency=currency), venue, source)
