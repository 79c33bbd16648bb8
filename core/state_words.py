"""What a lead's state is called and what it means, in English; both catalogues have each text in Russian, as `RUSSIAN`
has the names for whoever has no catalogue."""

NAMES = {
    "received": "Received",
    "ready": "Waiting",
    "held": "Held",
    "suppressed": "Not called",
    "calling": "Calling",
    "accepted": "Call placed",
    "refused": "Refused",
    "unknown": "Unknown",
    "cancelled": "Cancelled",
}
RUSSIAN = {
    "received": "Получен",
    "ready": "Ждёт звонка",
    "held": "Придержан",
    "suppressed": "Не звоним",
    "calling": "Звоним",
    "accepted": "Звонок заказан",
    "refused": "Отказ",
    "unknown": "Исход неясен",
    "cancelled": "Отменён",
}
SENTENCES = {
    "received": "Has come in",
    "ready": "Waits for its call",
    "held": "Waits for your decision",
    "suppressed": "Not called on purpose",
    "calling": "Being called right now",
    "accepted": "The call was placed",
    "refused": "The provider refused the call",
    "unknown": "We do not know whether the phone rang",
    "cancelled": "Ended by a person",
}
