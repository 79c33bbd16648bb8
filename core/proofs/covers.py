"""What of a request its proof speaks for.

A secret that the request itself carries says who calls, so it speaks for all of it. A signature speaks
for the bytes that were signed and for nothing beside them: whoever saw one signed request may send it
again with another query, other headers, another Content-Type, and it is still right.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Covers:
    """What is not covered may stop a lead, and is never its key, number, script, text or time."""

    whole: bool = False
    body: bool = False  # its bytes
    field: str = ""  # of a form nothing but the text of this field
    url: bool = False  # what stands behind the token in the path, and the query
    query: bool = False  # the query's fields alone
    method: bool = False
    headers: frozenset[str] = frozenset()  # small letters

    @property
    def reads_query(self) -> bool:
        """Whether the query's fields are covered."""
        return self.whole or self.url or self.query

    def reaches(self, keys: tuple[str, ...]) -> bool:
        """Whether what stands under these keys of a payload, from the top down, can be covered. A field of
        the sender's own can be, whatever its name, where the body is."""
        first, *rest = keys or ("",)
        if self.whole or not keys:
            return True
        if first != "_request":
            return first != "_unsigned" and (not self.field or first == self.field or first.startswith("_"))
        part = rest[0] if rest else ""
        if part == "headers":
            return len(rest) > 1 and rest[1].lower() in self.headers
        return {"query": self.reads_query, "path": self.url, "method": self.method}.get(part, False)


WHOLE = Covers(whole=True)
NOTHING = Covers()
BODY = Covers(body=True)
