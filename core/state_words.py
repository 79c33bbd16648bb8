"""What a lead's state is called and what it means, in English; both catalogues have each text in Russian."""

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
