"""XML to a tree, for the presets that ask for it (Salesforce's SOAP), through defusedxml."""

from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from core.reading.tree import MAX_DEPTH, MAX_VALUES, Unreadable

_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"


def read(body: bytes) -> dict[str, Any]:
    """The document by local names: an element with children is an object, one with text alone its
    text, repeated elements are a list, attributes stand as `@name` (the text beside them as `#text`).
    `xsi:nil` is null, and an `xsi:` attribute on a mere text is left out. DTDs and entities are
    refused. Raises Unreadable and nothing else."""
    try:
        parser = DefusedXMLParser(target=_Builder(), forbid_dtd=True)
        parser.feed(body)
        made: dict[str, Any] = parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise Unreadable("body_not_xml") from None
    return made


class _Builder:
    """The parser's target; it makes our tree directly, so that no deep tree of elements is ever built."""

    def __init__(self) -> None:
        self.left = MAX_VALUES
        self.stack: list[tuple[dict[str, Any], list[str]]] = [({}, [])]

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.left -= 1 + len(attributes)
        if self.left < 0:
            raise Unreadable("body_too_many_values")
        if len(self.stack) > MAX_DEPTH:
            raise Unreadable("body_too_deep")
        self.stack.append(({"@" + name: value for name, value in attributes.items()}, []))

    def data(self, text: str) -> None:
        self.stack[-1][1].append(text)

    def end(self, tag: str) -> None:
        node, texts = self.stack.pop()
        parent, name = self.stack[-1][0], _local(tag)
        value = _value(node, "".join(texts).strip())
        if name not in parent:
            parent[name] = value
        elif isinstance(parent[name], list):
            parent[name].append(value)
        else:
            parent[name] = [parent[name], value]

    def close(self) -> dict[str, Any]:
        return self.stack[0][0]


def _value(node: dict[str, Any], text: str) -> Any:
    if all(name.startswith("@" + _INSTANCE) for name in node):
        return None if node.get(f"@{_INSTANCE}nil") in ("true", "1") else text
    value = {"@" + _local(name[1:]) if name.startswith("@") else name: item for name, item in node.items()}
    return {**value, "#text": text} if text else value


def _local(name: str) -> str:
    return name.rpartition("}")[2]
