"""What to write instead of a condition whose quotes are missing or of the wrong kind.

JMESPath puts names in double quotes when they are not plain Latin words, and texts in single
ones. Both slips are common and the second is silent: `utm_source == "vk"` compares two fields.
"""

import json
import re
from typing import Any

PARTS = re.compile(
    r"('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`(?:\\.|[^`\\])*`|==|!=|<=|>=|&&|\|\||[=<>|!()\[\],?@&.*:{}])"
)
DEEP = re.compile(r"[^.\s](?:[^.]*[^.\s])?(?:\.[^.\s](?:[^.]*[^.\s])?)+")
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def quoted(text: str) -> str:
    """`text` with every name quoted that has to be; "" when nothing changed."""
    out: list[str] = []
    for part in PARTS.split(text):
        name = part.strip()
        inside = bool(out) and out[-1].endswith(("[", ":"))
        if name == "=":
            out.append("==")
        elif not name or PARTS.fullmatch(part) or PLAIN.fullmatch(name) or (inside and name.lstrip("-").isdigit()):
            out.append(part)
        else:
            out.append(part.replace(name, json.dumps(name, ensure_ascii=False)))
    better = "".join(out)
    return "" if better == text else better


def deep_path(text: str) -> str:
    """The `{path: [...]}` of `order.Номер телефона`; "" for a single key. `1.3` and `input_1.3` are
    names of single fields (Gravity Forms), and a dot before a blank is the end of a word."""
    keys = text.split(".")
    if not DEEP.fullmatch(text) or any(key.isdigit() for key in keys):
        return ""
    return "{path: [" + ", ".join(keys) + "]}"


def unquoted_value(node: Any, text: str) -> str:
    """`text` with single quotes around the first compared word that stands as a bare field, or with
    them around a number (the payload's numbers are texts); "" when there is none."""
    if not isinstance(node, dict):
        return ""
    if node["type"] == "comparator" and node["value"] in ("eq", "ne"):
        left, right = node["children"]
        if right["type"] == "field":
            name = re.escape(right["value"])
            return _changed(rf"([=!]=\s*)(?:\"{name}\"|{name}\b)", right["value"], text)
        if left["type"] in ("field", "subexpression", "index_expression") and _is_number(right):
            number = json.dumps(right["value"])
            return _changed(rf"([=!]=\s*)`\s*{re.escape(number)}\s*`", number, text)
    for child in node["children"]:
        better = unquoted_value(child, text)
        if better:
            return better
    return ""


def _changed(pattern: str, value: str, text: str) -> str:
    literal = "'" + value.replace("'", "\\'") + "'"
    better = re.sub(pattern, lambda match: match.group(1) + literal, text, count=1)
    return "" if better == text else better


def _is_number(node: dict[str, Any]) -> bool:
    return node["type"] == "literal" and isinstance(node["value"], int | float) and not isinstance(node["value"], bool)
