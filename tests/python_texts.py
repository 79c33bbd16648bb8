"""The texts for people that stand in a file of Python: what reads like words of a sentence."""

import ast
import re

WORDS = re.compile(r"[A-Za-z']{2,},? [a-z`]")
TO_TYPE = re.compile(r"flask [\w-]+.*|^\{\w+: .*\}$")  # the same in every language
FOR_MACHINES = {"text", "execute", "compile", "info", "warning", "exception", "split", "fullmatch", "strftime"}


def phrases(path, translated=(), least=1):
    """Each text of at least two English words, an f-string's facts as {}; `translated`: functions whose first
    arguments are left out, docstrings and what goes to a log or a machine always are."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            first = node.body[0] if node.body else None
            left_out |= {id(first.value)} if isinstance(first, ast.Expr) else set()
        elif isinstance(node, ast.JoinedStr):
            left_out |= {id(piece) for piece in node.values}
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            if name in translated or name in FOR_MACHINES:
                left_out |= {id(one) for argument in node.args for one in ast.walk(argument)}
            left_out |= {id(one.value) for one in node.keywords if one.arg == "help"} if translated else set()
    for node in ast.walk(tree):
        text = None if id(node) in left_out else _text(node)
        if text and (not least or WORDS.search(TO_TYPE.sub("", text))):
            yield text


def _text(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(piece.value if isinstance(piece, ast.Constant) else "{}" for piece in node.values)
    return None
