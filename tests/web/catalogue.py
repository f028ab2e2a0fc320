"""Every text of the web that is to be translated, as the templates and modules say it."""

import ast
import re
from pathlib import Path

WEB = Path(__file__).resolve().parents[2] / "src" / "arrears" / "web"


def texts() -> set[str]:
    """The msgids of all templates and Python modules."""
    from django.utils.translation.template import templatize

    found: set[str] = set()
    for path in sorted((WEB / "templates").rglob("*.html")):
        for call in re.finditer(r"gettext\((u?r?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|'''.*?'''|\"\"\".*?\"\"\"))", templatize(path.read_text(encoding="utf-8")), re.DOTALL):
            found.add(ast.literal_eval(call[1].lstrip("u")))
    for path in sorted(WEB.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_" and isinstance(node.args[0], ast.Constant):
                found.add(node.args[0].value)
    return found
