"""JMESPath under guard: what a payload or a setting could make slow, loud or large is refused at load.

Capped in length and depth, functions by name, growth bounded (`[@,@]|[@,@]|...` doubles at each
step: fifty steps fit into 300 characters and hang whatever walks the result).
"""

from dataclasses import dataclass
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.functions import Functions

LENGTH = 300
DEPTH = 24
GROWTH = 64
# Left out on purpose: to_string (writes a shared tree out whole) and merge (nobody needs it).
FUNCTIONS = frozenset(
    "abs avg ceil contains ends_with floor join keys length map max max_by min min_by not_null reverse sort sort_by"  # noqa: SIM905
    " starts_with sum to_array to_number type values".split()
)
# What a `!` before it does not reach.
BINDS_LESS = frozenset({"subexpression", "projection", "filter_projection", "value_projection", "flatten"})


class BadExpression(ValueError):
    """The text cannot be taken. `expected` says what stands there in a good one, `write` is the
    text to write instead, empty where it cannot be known."""

    def __init__(self, expected: str, write: str = "") -> None:
        super().__init__(expected)
        self.expected = expected
        self.write = write


class NotJmespath(ValueError):
    """The text is no JMESPath at all; its message is the parser's first line."""


@dataclass(frozen=True)
class Failed:
    """The expression does not fit this payload; `why` holds types and names, never a value."""

    why: str


def parse(text: str) -> Any:
    """The parsed expression. NotJmespath for what is none, BadExpression for what may not be used here."""
    if not text or len(text) > LENGTH:
        raise BadExpression(f"an expression of 1 to {LENGTH} characters")
    try:
        parsed = jmespath.compile(text)
        _check(parsed.parsed, 0)
        growth = _growth(parsed.parsed)
    except JMESPathError as error:
        raise NotJmespath(str(error).strip().split("\n", 1)[0][:120]) from None
    except RecursionError:
        raise BadExpression("an expression that is less deeply nested") from None
    if growth > GROWTH:
        raise BadExpression("an expression that repeats less of the payload")
    return parsed


def search(parsed: Any, payload: Any) -> Any:
    """What the expression finds, None for nothing, or Failed. Never raises, whatever the payload."""
    try:
        return parsed.search(payload)
    except JMESPathTypeError as error:  # its own text quotes the value, which may be a person's
        wanted = " or ".join(str(kind) for kind in error.expected_types)
        return Failed(f"{error.function_name}() met {error.actual_type}, it takes {wanted}")
    except JMESPathError as error:
        return Failed(type(error).__name__)
    except Exception as error:  # jmespath lets bare TypeErrors out of comparisons and sorts
        return Failed(f"it met values of another kind ({type(error).__name__})")


def _check(node: Any, depth: int) -> None:
    if depth > DEPTH:
        raise BadExpression("an expression that is less deeply nested")
    if not isinstance(node, dict):  # a slice's numbers
        return
    if node["type"] in BINDS_LESS and node["children"][0]["type"] == "not_expression":
        # JMESPath reads `!a.b` as `(!a).b`, which is nothing whatever the payload.
        raise BadExpression("parentheses behind a `!` that means more than one name, like !(a.b)")
    if node["type"] == "function_expression":
        name = node["value"]
        if name not in Functions.FUNCTION_TABLE:
            raise NotJmespath(f"there is no function {name}()")
        if name not in FUNCTIONS:
            raise BadExpression("only the functions " + ", ".join(sorted(FUNCTIONS)))
        wanted = Functions.FUNCTION_TABLE[name]["signature"]
        variadic = bool(wanted[-1].get("variadic"))
        if len(node["children"]) < len(wanted) or (len(node["children"]) > len(wanted) and not variadic):
            raise BadExpression(f"{name}() with {len(wanted)} arguments" + (" or more" if variadic else ""))
        # join('...', list) is linear; a text of the payload as the glue would be a product of two.
        if name == "join" and node["children"][0]["type"] != "literal":
            raise BadExpression("join with a written-out first argument", "join(' ', [first_name, last_name])")
    for child in node["children"]:
        _check(child, depth + 1)


def _growth(node: Any) -> int:
    """How many times over the result may hold the payload, at most."""
    if not isinstance(node, dict) or not node["children"]:
        return 1
    grown = [_growth(child) for child in node["children"]]
    if node["type"] in ("multi_select_list", "multi_select_dict"):
        return sum(grown)
    if node["type"] in ("or_expression", "and_expression", "comparator"):
        return max(grown)
    product = 1
    for factor in grown:
        product *= factor
    return product
