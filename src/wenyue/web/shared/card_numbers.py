"""Card numbers as pages show them."""


def masked_card_no(number: str) -> str:
    """`6217 •••• •••• 0042`: enough to tell two cards apart."""
    if len(number) < 9:
        return "•" * max(0, len(number) - 2) + number[-2:]
    return f"{number[:4]} •••• •••• {number[-4:]}"
