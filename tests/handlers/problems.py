"""What every error under /api looks like."""

import json


def problem_of(answer, status):
    """The body of an error, which is always a problem of RFC 9457."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    said = json.loads(answer.text)
    assert said["status"] == status
    assert said["title"]
    return said
