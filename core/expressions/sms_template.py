"""Reads an SMS template: Jinja's syntax, of which only names and a constant `default` are taken.

Jinja parses and nothing of it ever runs, because its sandbox has no limits (`{{ 'a' * 5e8 }}`) and
attributes of a value lead out of it (`{{ x.__class__ }}`). What is taken is looked up as keys only.
"""

import json

from jinja2 import Environment, TemplateSyntaxError, nodes

from core.expressions.jmes import BadExpression

LENGTH = 1000
SYNTAX = Environment(autoescape=False)  # noqa: S701 - a text message has no markup, and only the parser is used
EXAMPLE = "Здравствуйте, {{ Name | default('друг') }}!"

Slot = tuple[tuple[str, ...], str]


def parse_template(text: str) -> tuple[str | Slot, ...]:
    """Its literal texts and slots (keys from the top, default), in order. BadExpression when it holds
    anything else. A top key that is no word is reached as `{{ _payload['your-name'] }}`."""
    if not text.strip() or len(text) > LENGTH:
        raise BadExpression(f"an SMS text of 1 to {LENGTH} characters", EXAMPLE)
    try:
        tree = SYNTAX.parse(text)
        return tuple(part for node in tree.body for part in _parts(node))
    except TemplateSyntaxError as error:
        raise BadExpression(f"an SMS text with names in {{{{ }}}} ({str(error)[:100]})", EXAMPLE) from None
    except (RecursionError, ValueError, OverflowError) as error:
        if isinstance(error, BadExpression):
            raise
        raise BadExpression("an SMS text with plain names in {{ }}", EXAMPLE) from None


def _parts(node: nodes.Node) -> list[str | Slot]:
    if not isinstance(node, nodes.Output):
        raise BadExpression("no {% %}: only text and {{ names }}", EXAMPLE)
    return [part.data if isinstance(part, nodes.TemplateData) else _slot(part) for part in node.nodes]


def _slot(node: nodes.Node) -> Slot:
    if not isinstance(node, nodes.Filter):
        return _keys(node), ""
    if node.name not in ("default", "d") or node.node is None:
        raise BadExpression("no filter but default", EXAMPLE)
    constants = [_constant(arg) for arg in node.args]
    plain = not node.kwargs and node.dyn_args is None and node.dyn_kwargs is None
    if not plain or not 1 <= len(constants) <= 2 or isinstance(node.node, nodes.Filter):
        raise BadExpression("default with one text in quotes", EXAMPLE)
    return _keys(node.node), str(constants[0])


def _keys(node: nodes.Node) -> tuple[str, ...]:
    if isinstance(node, nodes.Name) and not node.name.startswith("__"):
        return (node.name,)
    if isinstance(node, nodes.Getattr) and not node.attr.startswith("__"):
        return (*_keys(node.node), node.attr)
    if isinstance(node, nodes.Getitem):
        return (*_keys(node.node), str(_constant(node.arg)))
    if isinstance(node, nodes.Sub) and (name := _hyphenated(node)):
        raise BadExpression("a name with a hyphen in brackets", "{{ _payload[" + json.dumps(name) + "] }}")
    raise BadExpression("only names, their keys and default in {{ }}", EXAMPLE)


def _constant(node: nodes.Node) -> str | int:
    if isinstance(node, nodes.Const) and isinstance(node.value, str | int):
        return node.value
    raise BadExpression("a text in quotes or a whole number", EXAMPLE)


def _hyphenated(node: nodes.Node) -> str:
    """`your-name`, which Jinja reads as a subtraction; "" when it is a real one."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Sub):
        left, right = _hyphenated(node.left), _hyphenated(node.right)
        return f"{left}-{right}" if left and right else ""
    return ""
