"""Letters to the borrower: what they begin from, whether their words may be sent, and how they are kept as a document of the case."""

import hashlib
from datetime import date
from functools import lru_cache
from importlib.resources import files
from uuid import UUID, uuid4

from arrears import strict_yaml
from arrears.compliance.lexicon import Lexicon
from arrears.compliance.screen import prepare
from arrears.compliance.wording import findings
from arrears.compliance.wording_report import LINES_EN, LINES_ZH
from arrears.law.packs import SHIPPED, shipped_pack
from arrears.refusal import Refused
from arrears.work.attachments import seal_content
from arrears.work.models import Attachment, Case, Lender, Party
from arrears.work.sealing import opened, sealed

PLACES = ("name", "lender", "day", "until")
"""What stands in braces in a letter and is put in as it is sealed."""
UNWRITTEN = ("（请写明", "(say what", "(say why", "(contract, payments", "(recordings, contact")
"""What a template leaves to be written: no letter goes out with it."""
PLACE_MOST = 80
"""So many characters of such a place are repeated at most."""


@lru_cache(maxsize=1)
def letter_texts() -> dict[str, dict[str, dict[str, str]]]:
    """What letters begin from: by kind, by outcome, by language (zh, en)."""
    return strict_yaml.parse((files("arrears.work") / "answer_letters.yaml").read_text(encoding="utf-8"), "answer_letters.yaml")


def demand_sendable(lender: str, text: str, today: date) -> None:
    """Raises Refused where the text still says what is to be written, or crosses a red line of the law's wording on that day; it names the expressions."""
    if left := [_place(text, one) for one in UNWRITTEN if one in text]:
        raise Refused(f"the letter still has what is to be written in it: {'; '.join(left)}; write it, or strike it out; nothing was changed", f"信函中仍有待填写的内容：{'；'.join(left)}；请填写或删去；未作任何更改")
    law = Lender.objects.values_list("law", flat=True).get(code=lender)
    found = [one for one in findings(text, _lexicon(law)) if one.red_line != "suit" and one.from_on <= today and (one.until_on is None or today < one.until_on)] if law in SHIPPED else []
    if found:
        titles = {key: source["title"] for key, source in shipped_pack(law).sources.items()}
        en = "; ".join(f"{one.found!r} ({LINES_EN[one.red_line]}, {titles.get(one.source, one.source)})" for one in found)
        zh = "；".join(f"“{one.found}”（{LINES_ZH[one.red_line]}，{titles.get(one.source, one.source)}）" for one in found)
        raise Refused(f"these words may not be sent: {en}; write it otherwise; nothing was changed", f"以下用语不得发送：{zh}；请改写；未作任何更改")


def _place(text: str, begins: str) -> str:
    """What is to be written there, to its closing bracket; with an ellipsis and a bracket of ours where it is not closed nearby."""
    at = text.index(begins)
    end = text.find("）" if begins[0] == "（" else ")", at)
    return text[at:end + 1] if 0 <= end - at <= PLACE_MOST else begins + ("……）" if begins[0] == "（" else " …)")


@lru_cache(maxsize=len(SHIPPED))
def _lexicon(law: str) -> Lexicon:
    return prepare(shipped_pack(law)).lexicon


def keep_letter(case: Case, text: str, title: str, record_kind: str, now, today: date, until: date | None = None) -> UUID:
    """The letter is a document of the case, sealed under its debtor's key. Returns the attachment. Raises Refused where there is no debtor, or the debtor was erased."""
    debtor = Party.objects.filter(case=case, role="debtor").first()
    if debtor is None or debtor.erased_at is not None:
        raise Refused(f"case {case.id} has nobody to write to: its debtor is not known, or was erased; nothing was changed", f"案件 {case.id} 没有可致函的债务人（未登记或信息已删除）；未作任何更改")
    lender = Lender.objects.get(code=case.lender)
    said = {"name": opened(case.lender, debtor.person, debtor, "name_sealed") or "", "lender": lender.name_zh, "day": today.isoformat(), "until": "" if until is None else until.isoformat()}
    body = text
    for place in PLACES:
        body = body.replace("{" + place + "}", said[place])
    row = uuid4()
    kept = seal_content(case.lender, debtor.person, row, f"{lender.name_zh} / {lender.name_en}\n{today.isoformat()}\n\n{body}\n".encode())
    Attachment.objects.create(id=row, lender=case.lender, case=case, kind="document", record_kind=record_kind, made_at=now, content_sealed=kept, size_bytes=len(body.encode()),
                              title_sealed=sealed(case.lender, debtor.person, "work_attachment", "title_sealed", row, title), digest=hashlib.sha256(kept).hexdigest())
    return row
