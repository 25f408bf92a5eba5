"""Ten thousand cases (tests/system: a hundred thousand): never raises, one canonical form, and every refusal names its reason.

The examples are derandomised: the same ones every run, so a failure is always found again.
"""

from datetime import date, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from wenyue.core.documents import (
    Document,
    DocumentError,
    DocumentErrorCode,
    DocumentKind,
    NameErrorCode,
    NameProblem,
    Phone,
    PhoneError,
    PhoneErrorCode,
    mask_document,
    mask_name,
    mask_phone,
    parse_document,
    parse_name,
    parse_phone,
)

TODAY = date(2026, 11, 22)
LATER = date(2031, 6, 30)
EXAMPLES = 2_500  # four properties: 10,000 cases
many = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
)

KINDS = (None, *DocumentKind)
FIRST_DAY = date(1907, 1, 1)
DAYS = (TODAY - FIRST_DAY).days
PLACES = ("110105", "110103", "441900", "659012", "710000", "810000", "820000", "830000", "911124", "931840")
# What keyboards, pastes and scanners add without changing the number.
NOISE = (
    " ",
    "-",
    "\u3000",
    "\u00a0",
    "\u200b",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u2014",
    "\u2212",
    "\t",
    "\n",
    "\u00ad",
)
FULL_WIDTH = {ord(c): chr(ord(c) + 0xFEE0) for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
# Characters that documents, phones and names are made of, and the ones that break careless code.
HOSTILE = "0123456789XxHMAEGP<+-·. ()０９Ｘ١²Ⅹß張三ǅ\u0130\u0131\u200b\u202e\x00\n\ud800\ue000\ufdfa\U0001f600\u20e3\u0301\u212a"


def valid_eighteen(seed: int) -> str:
    seed, place = divmod(seed, len(PLACES))
    seed, day = divmod(seed, DAYS)
    birth = FIRST_DAY + timedelta(days=day)
    first_17 = f"{PLACES[place]}{birth:%Y%m%d}{seed % 1000:03}"
    product = 0
    for digit in first_17:
        product = (product + int(digit)) * 2 % 11
    return first_17 + "0123456789X"[(12 - product) % 11]


def decorated(number: str, seed: int) -> str:
    """`number` with noise put in, digits made full-width and letters lowered, as `seed` says."""
    seed, style = divmod(seed, 4)
    if style == 1:
        number = number.translate(FULL_WIDTH)
    elif style == 2:
        number = number.lower()
    elif style == 3:
        number = number.lower()[:5] + number[5:].translate(FULL_WIDTH)
    for _ in range(4):
        seed, noise = divmod(seed, len(NOISE))
        seed, place = divmod(seed, len(number) + 1)
        number = number[:place] + NOISE[noise] + number[place:]
    return number


# One large number per case, taken apart by hand: three draws would double the time of the run.
MILITARY = {DocumentKind.OFFICER_ID, DocumentKind.SOLDIER_ID}
seeds = {"seed": st.integers(0, 2**120 - 1)}
texts = {
    "text": st.one_of(st.text(HOSTILE, max_size=50), st.text(max_size=30)),
    "choice": st.integers(0, 4 * len(KINDS) - 1),
}


@many
@given(**texts)
@example(text="\ufdfa" * 256, choice=0)
@example(text="<" * 256, choice=6)
@example(text="P<" + "0" * 86, choice=6)
def test_nothing_raises_and_every_refusal_names_its_reason(text: str, choice: int) -> None:
    kind = KINDS[choice % len(KINDS)]
    nationality = (None, "DEU", text[:3], "CHN")[choice // len(KINDS)]
    result = parse_document(kind, text, today=TODAY, nationality=nationality, expires_on=LATER)
    if isinstance(result, DocumentError):
        assert result.code in DocumentErrorCode
    else:
        assert result.number.isascii() or result.kind in MILITARY
        assert result.key.startswith(result.kind.value + ":")
        again = parse_document(
            result.kind, result.number, today=TODAY, nationality=result.nationality, expires_on=LATER
        )
        assert isinstance(again, Document)
        assert (again.number, again.key) == (result.number, result.key)
    phone = parse_phone(text)
    if isinstance(phone, PhoneError):
        assert phone.code in PhoneErrorCode
    else:
        assert parse_phone(phone.e164) == phone
    name = parse_name(text)
    if isinstance(name, NameProblem):
        assert name.code in NameErrorCode
    else:
        assert parse_name(name) == name
    assert len(mask_document(text)) <= 64
    assert len(mask_phone(text)) <= 64
    assert len(mask_name(text)) <= 64


@many
@given(**seeds)
def test_an_eighteen_character_number_has_one_form_however_typed(seed: int) -> None:
    noise, seed = divmod(seed, 2**60)
    number = valid_eighteen(seed)
    plain = parse_document(None, number, today=TODAY)
    assert isinstance(plain, Document)
    assert plain.number == number
    assert plain.key == f"{plain.kind.value}:{number}"
    assert plain.birth is not None
    assert f"{plain.birth:%Y%m%d}" == number[6:14]
    assert plain.sex == ("M" if int(number[16]) % 2 else "F")
    assert number[3:15] not in repr(plain)
    assert parse_document(None, decorated(number, noise), today=TODAY) == plain
    assert parse_document(plain.kind, number, today=TODAY) == plain


@many
@given(**seeds)
def test_a_single_wrong_character_is_always_refused(seed: int) -> None:
    """ISO 7064 MOD 11-2 catches every single substitution, whatever card the changed number looks like."""
    seed, place = divmod(seed, 18)
    seed, shift = divmod(seed, 10)
    number = valid_eighteen(seed)
    alphabet = "0123456789X"
    wrong = alphabet[(alphabet.index(number[place]) + 1 + shift) % 11]
    changed = number[:place] + wrong + number[place + 1 :]
    for kind in (None, DocumentKind.RESIDENT_ID):
        assert isinstance(parse_document(kind, changed, today=TODAY), DocumentError)


OTHERS: tuple[tuple[DocumentKind, str | None, str, int], ...] = (
    # kind, nationality, prefix, digits
    (DocumentKind.HM_PERMIT, None, "H", 8),
    (DocumentKind.HM_PERMIT, None, "M", 10),
    (DocumentKind.HM_PERMIT, None, "HA", 7),
    (DocumentKind.TW_PERMIT, None, "", 8),
    (DocumentKind.TW_PERMIT, None, "", 10),
    (DocumentKind.FOREIGN_PR, None, "USA", 12),
    (DocumentKind.PASSPORT, "CHN", "E", 8),
    (DocumentKind.PASSPORT, "CHN", "EK", 7),
    (DocumentKind.PASSPORT, "GBR", "", 9),
    (DocumentKind.PASSPORT, "JPN", "TK", 7),
)


@many
@given(**seeds)
def test_other_documents_and_phones_have_one_form_however_typed(seed: int) -> None:
    noise, seed = divmod(seed, 2**60)
    seed, which = divmod(seed, len(OTHERS))
    kind, nationality, prefix, digits = OTHERS[which]
    number = prefix + f"{seed % 10**digits:0{digits}}"
    plain = parse_document(kind, number, today=TODAY, nationality=nationality, expires_on=LATER)
    assert isinstance(plain, Document)
    assert (plain.kind, plain.number) == (kind, number)
    for chosen in (kind, None):
        typed = decorated(number, noise)
        again = parse_document(chosen, typed, today=TODAY, nationality=nationality, expires_on=LATER)
        assert again == plain
    if kind is DocumentKind.HM_PERMIT:
        assert plain.key == "hm_permit:" + number[:9]
    mobile = f"1{3 + seed % 7}{seed % 10**9:09}"
    phone = parse_phone(decorated(mobile, noise))
    assert isinstance(phone, Phone)
    assert (phone.e164, phone.is_mobile_cn) == ("+86" + mobile, True)
