"""A page of HTML that needs nothing but itself, in Chinese and English."""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files


def page(title: str, header: str, main: str, foot: str) -> str:
    """The whole page around ready HTML; title is escaped text. Same input, same bytes.

    The page makes no request: its own policy forbids it, and only its own style and script, named by digest, may run.
    Without script the page is in Chinese and the switch still works.
    """
    style, script = (files("arrears.pages").joinpath(name).read_text("utf-8") for name in ("page.css", "page.js"))
    policy = (f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
              "base-uri 'none'; form-action 'none'")
    return f"""<!DOCTYPE html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<input class="language" type="radio" name="language" id="lang-zh" aria-label="中文" autocomplete="off" checked>
<input class="language" type="radio" name="language" id="lang-en" aria-label="English" autocomplete="off">
{header}
<main>
{main}
</main>
<footer>{foot}</footer>
<script>{script}</script>
</body>
</html>
"""


def switch() -> str:
    """The labels by which a reader changes the language."""
    return '<div class="switch"><label for="lang-zh">中文</label><label for="lang-en">English</label></div>'


def _digest(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
