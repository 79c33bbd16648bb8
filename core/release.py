"""Which release this is; a test holds it to the newest heading of the changelog."""

RELEASE = "1.0.1"
