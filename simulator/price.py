"""The maximum cost of a call with its SMS, as the provider's example shows it. Pure."""

from decimal import Decimal

CALL = Decimal("4.35")  # the description's example
SEGMENT = Decimal("3.10")  # the twin's own figure: the description names no tariff

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_TWO = frozenset("^{}\\[~]|€\f")  # sent as two characters


def segments(text: str) -> int:
    """How many SMS `text` takes: 160 characters, or 153 each, in GSM-7; 70, or 67 each, otherwise. 0 for none."""
    if all(sign in GSM7 or sign in GSM7_TWO for sign in text):
        length, alone, joined = sum(2 if sign in GSM7_TWO else 1 for sign in text), 160, 153
    else:
        length, alone, joined = len(text.encode("utf-16-le", "surrogatepass")) // 2, 70, 67
    return (length > 0) if length <= alone else -(-length // joined)


def price(sms: str | None) -> str:
    """A decimal string. The SMS set with the script (`sms` None) costs nothing extra here."""
    return str(CALL + SEGMENT * (segments(sms) if sms else 0))
