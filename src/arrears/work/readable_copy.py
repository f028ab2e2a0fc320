"""A person's copy written for reading: one folder with the page copy.html, the same as copy.json for taking elsewhere, and the attachments. Source: 个人信息保护法 45.

The folder is 0700, each file 0600, and it appears whole under its name or not at all. The page loads nothing from anywhere and runs nothing.
"""

import html
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from arrears.money import in_major_units
from arrears.refusal import Refused
from arrears.work.readable_words import WORDS, code_word, column_word, table_word

_STYLE = ("body{font-family:system-ui,'Noto Sans CJK SC','Microsoft YaHei',sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;line-height:1.6}"
          "table{border-collapse:collapse;margin:.5rem 0 1.5rem;width:100%}th,td{border:1px solid #bbb;padding:.3rem .6rem;text-align:left;vertical-align:top}th{background:#f2f2f2}")


def write_copy(copy: dict[str, Any], attachments: Iterable[tuple[str, str, bytes]], folder: Path, lang: str) -> list[Path]:
    """The copy in a new folder: the page, the JSON, and each attachment (id, kind, content) by its id. Raises Refused where the folder is there already."""
    part = folder.with_name(folder.name + ".part")
    if folder.exists() or part.exists():
        raise Refused(f"{folder if folder.exists() else part}: is there already; name another folder, or remove it: a copy is never mixed with another",
                      f"{folder if folder.exists() else part}：已存在；请另指定文件夹或先删除：副本不与其他内容混放")
    part.mkdir(mode=0o700)
    _write(part / "copy.html", page_of(copy, lang).encode())
    _write(part / "copy.json", json.dumps(copy, ensure_ascii=False, indent=1).encode())
    for key, kind, content in attachments:
        _write(part / f"{kind}-{key}.bin", content)
    os.replace(part, folder)
    return sorted(folder.iterdir())


def page_of(copy: dict[str, Any], lang: str) -> str:
    """The copy as one page in the language zh or en; every text in it is escaped."""
    words = WORDS[lang]
    parts = [f"<!doctype html><html lang='{'zh-CN' if lang == 'zh' else 'en'}'><meta charset='utf-8'>",
             "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">",
             f"<title>{words['title']}</title><style>{_STYLE}</style><h1>{words['title']}</h1>",
             f"<p>{html.escape(words['lead'].format(lender=copy['lender'], as_of=copy['as_of']))}</p>", f"<p>{words['rights']}</p>"]
    for number, place in enumerate(copy["places"], 1):
        parts += _place(place, number, lang)
    return "\n".join([*parts, "</html>"])


def _place(place: dict[str, Any], number: int, lang: str) -> list[str]:
    words = WORDS[lang]
    own = {name: value for name, value in place.items() if name not in ("held", "records", "seen_by", "passed_to", "basis", "party")}
    currency = next((row["currency"] for rows in place["held"].values() for row in rows if "currency" in row), "CNY")
    parts = [f"<h2>{words['place']} {number}</h2>", _pairs(own, lang, currency), f"<h3>{words['why']}</h3><p>{words['basis_' + place['basis']]}</p>", f"<h3>{words['from_where']}</h3><p>{words['sources']}</p>"]
    for table, rows in place["held"].items():
        parts += [f"<h3>{html.escape(table_word(table, lang))}</h3>", *(_pairs(row, lang, row.get("currency", currency)) for row in rows)]
    parts += [f"<h3>{words['how_long']}</h3>", _table(("kind", "status", "until", "rule"), [
        (code_word(one["kind"], lang), code_word(one["status"], lang), one["until"] or "–", "; ".join(_rule(rule) for rule in one["rules"]) or "–") for one in place["records"]], lang)]
    parts += [f"<h3>{words['who']}</h3>", _table(("role", "verb", "times", "first_on", "last_on"), [
        ("+".join(code_word(role, lang) for role in one["role"].split("+")), _verb(one["verb"], lang), one["times"], one["first_on"], one["last_on"]) for one in place["seen_by"]], lang)]
    passed = [(one["agency"], one["from"], one["until"] or "–") for one in place["passed_to"]]
    return [*parts, f"<h3>{words['to_whom']}</h3>", _table(("agency", "from", "until"), passed, lang) if passed else f"<p>{words['to_nobody']}</p>"]


def _rule(rule: dict[str, Any]) -> str:
    return " ".join(part for part in (rule["id"], rule["title"], rule["article"] or "", f"[{rule['evidence']}]") if part)


def _verb(verb: str, lang: str) -> str:
    from arrears.work.verbs import VERBS

    return getattr(VERBS[verb], lang) if verb in VERBS else verb


def _pairs(row: dict[str, Any], lang: str, currency: str) -> str:
    cells = [f"<tr><th>{html.escape(column_word(name, lang))}</th><td>{_value(name, value, lang, currency)}</td></tr>" for name, value in row.items() if value not in (None, "", [], {})]
    return f"<table>{''.join(cells)}</table>"


def _table(heads: tuple[str, ...], rows: list[tuple], lang: str) -> str:
    head = "".join(f"<th>{html.escape(column_word(name, lang))}</th>" for name in heads)
    return f"<table><tr>{head}</tr>{''.join('<tr>' + ''.join(f'<td>{html.escape(str(cell))}</td>' for cell in row) + '</tr>' for row in rows)}</table>"


def _value(name: str, value: Any, lang: str, currency: str) -> str:
    """Escaped: amounts in major units with their currency, codes in words, what has parts part by part."""
    if isinstance(value, dict):
        return _pairs(value, lang, value.get("currency", currency))
    if isinstance(value, list):
        return "<br>".join(_value(name, one, lang, currency) for one in value)
    if name.endswith("_minor") and isinstance(value, int):
        return html.escape(f"{in_major_units(value, currency)} {currency}")
    return html.escape(code_word(value, lang) if isinstance(value, str) and name not in ("name", "value", "note", "text", "answer", "reason", "title") else str(value))


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
