"""The lender whose contacts are judged: which licence, under which law, and what its products are to that law.

It is said in lender.yaml beside the book's files. Without it nobody knows which rules hold, so every contact of a night needs a
person's release.
"""

from dataclasses import dataclass, field

from arrears import strict_yaml
from arrears.law.entries import minute_of
from arrears.law.packs import SHIPPED
from arrears.law.rules import ACTORS, LICENCES, PRODUCTS
from arrears.strict_yaml import BadYaml
from arrears.zones import zone_names

LENDER_FILE = "lender.yaml"
_SHANGHAI = "Asia/Shanghai"
_OPEN_FROM, _OPEN_UNTIL = 9 * 60, 20 * 60
"""Between these minutes of the day the shipped packs and their policy leave every channel open."""


@dataclass(frozen=True)
class Lender:
    """products: the lender's products to those of the law; actor: who makes its contacts.

    zones: where its people may be, by whose clocks contacts are judged where the law asks for the person's. contact_minute: the
    minute of the first of these clocks at which a night takes tomorrow's contacts to begin. text: lender.yaml as it was read.
    """

    id: str
    name: str
    law: str
    licence: str
    actor: str
    products: dict[str, str]
    other_product: str
    zones: tuple[str, ...]
    contact_minute: int
    is_known: bool = True
    text: str = field(default="", repr=False)


UNKNOWN_LENDER = Lender("?", "?", "cn", "other", "own", {}, "consumer_loan", (_SHANGHAI,), 10 * 60, is_known=False)
"""Of whom nothing is known: licensed for nothing the packs cover, so every contact is at least reviewed."""


def lender_from(text: str, name: str = LENDER_FILE) -> Lender:
    """The lender of this text; an empty one gives UNKNOWN_LENDER. Raises BadYaml naming the field."""
    if not text:
        return UNKNOWN_LENDER
    content = strict_yaml.parse(text, name)
    strict_yaml.expect_keys(content, {"id", "name", "law", "licence", "products", "other_product"}, {"actor", "zones", "contact_at"}, name)
    for key in ("id", "name"):
        if not isinstance(content[key], str) or not content[key].strip():
            raise BadYaml(f"{name}{strict_yaml.line_of(content, key)}: {key} must be a text")
    for key, known in (("law", SHIPPED), ("licence", LICENCES), ("other_product", PRODUCTS)):
        _demand(content[key], known, content, key, name)
    actor, zones, begin = content.get("actor", "own"), content.get("zones", [_SHANGHAI] if content["law"] == "cn" else []), content.get("contact_at", "10:00")
    _demand(actor, ACTORS, content, "actor", name)
    if not isinstance(content["products"], dict):
        raise BadYaml(f"{name}{strict_yaml.line_of(content, 'products')}: products must map the lender's products to {', '.join(PRODUCTS)}; write {{}} where all are other_product")
    for product, kind in content["products"].items():
        _demand(kind, PRODUCTS, content["products"], product, f"{name}, products")
    if not isinstance(zones, list) or not zones or any(not isinstance(zone, str) or zone not in zone_names() for zone in zones):
        raise BadYaml(f"{name}{strict_yaml.line_of(content, 'zones')}: zones must list every zone its people may be in, such as America/New_York; "
                      "times are judged by all of them")
    at = f"{name}{strict_yaml.line_of(content, 'contact_at')}: contact_at"
    begins = minute_of(begin, at)
    if not _OPEN_FROM <= begins < _OPEN_UNTIL:
        raise BadYaml(f"{at} {begin} lies outside 09:00 to 20:00, when some channel is closed; a night would refuse what the day may do")
    return Lender(content["id"], content["name"], content["law"], content["licence"], actor, dict(content["products"]),
                  content["other_product"], tuple(zones), begins, text=text)


def _demand(value: object, known: tuple[str, ...], entry: dict, key: str, where: str) -> None:
    if value not in known:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, key)}: {key} {value!r} is not known; known are {', '.join(known)}")
