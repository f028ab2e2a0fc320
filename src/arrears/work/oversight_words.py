"""The words of oversight that tables, actions and pages share: how contacts are drawn, by what they are parted, what is exported and as which file."""

from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
"""In which the lender's days are counted, as in actions.action, below which this stands."""
METHODS = ("random", "stratified", "risk")
STRATA = ("collector", "team", "channel")
EXPORTED = ("cases", "contacts", "promises", "plans", "matters", "samples")
FORMATS = ("csv", "xlsx", "parquet")
