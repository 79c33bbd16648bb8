"""One HTTP request from a source, exactly as it came."""

from dataclasses import dataclass, field

from core.reading import body as bodies
from core.reading.tree import Tree
from core.source import Body


@dataclass(frozen=True)
class Delivery:
    """The bytes of a request and what is read from them when first asked.

    Nothing of it shows in `repr`: headers, query and body hold secrets and people.
    """

    method: str  # upper case
    headers: tuple[tuple[str, str], ...] = field(repr=False)  # lower-case name, value; in their order
    query: str = field(repr=False)  # raw, as WSGI gives it (Latin-1 of the bytes)
    rest: str = field(repr=False)  # what stood after /hooks/<source>/, no slashes at its ends; may hold a token
    body: bytes = field(repr=False)
    url: str = field(repr=False)  # the public URL, as the sender called and signed it
    remote: str = field(default="", repr=False)  # the peer's IP address
    _trees: dict[tuple[Body, bool], Tree] = field(default_factory=dict, init=False, repr=False, compare=False)

    def with_body(self, body: bytes) -> "Delivery":
        """The same request with its body, whose head alone was known."""
        whole = object.__new__(Delivery)
        whole.__dict__.update(self.__dict__, body=body, _trees={})
        return whole

    def header(self, name: str) -> str | None:
        """The first header of this name, in any case, as WSGI gives it (Latin-1); None when absent."""
        found = self.headers_all(name)
        return found[0] if found else None

    def headers_all(self, name: str) -> tuple[str, ...]:
        """All headers of this name in their order. A proof that came twice is a forger's try."""
        name = name.lower()
        return tuple(value for key, value in self.headers if key == name)

    @property
    def content_type(self) -> str:
        return self.header("content-type") or ""

    @property
    def query_pairs(self) -> tuple[tuple[str, str], ...]:
        """The query's pairs in their order, decoded."""
        return bodies.query_pairs(self.query)

    def tree(self, rules: Body) -> Tree:
        """What the body says by these rules, or where it is empty the query; parsed once."""
        if (rules, False) not in self._trees:
            self._trees[rules, False] = bodies.parse(self.body, self.content_type, self.query, rules)
        return self._trees[rules, False]

    def signed_tree(self, rules: Body) -> Tree:
        """What the body's bytes say, whatever the headers and the query do; parsed once."""
        if (rules, True) not in self._trees:
            self._trees[rules, True] = bodies.parse(self.body, "", "", rules, signed=True)
        return self._trees[rules, True]
