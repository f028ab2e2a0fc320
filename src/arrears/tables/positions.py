"""Positions: how late a loan is and what may be demanded. Source: spec positions, Output."""

from arrears.tables.table import DATE, DAYS, FLAG, MONEY, TEXT, Column, Table

ASSET_CLASSES = ("正常", "关注", "次级", "可疑", "损失")


def _money(name: str, meaning: str, **rules) -> Column:
    return Column(name, MONEY, "minor units", meaning, **rules)


POSITIONS = Table(
    "positions",
    "one loan disbursed by as_of, at the end of that day",
    ("loan_id", "as_of"),
    (
        Column("loan_id", TEXT, "text", "the loan; rows are ordered by it"),
        Column("as_of", DATE, "date", "the business date the row speaks of"),
        Column("days_past_due", DAYS, "days", "late days of the oldest instalment with unpaid fee, interest or principal"),
        Column("bucket", TEXT, "text", "M0 to M6+, from days_past_due"),
        Column("oldest_due_on", DATE, "date", "due date of the oldest unpaid instalment, grace included", nullable=True),
        _money("due_principal_minor", "unpaid principal of due instalments"),
        _money("due_interest_minor", "unpaid interest of due instalments"),
        _money("due_fee_minor", "unpaid fees of due instalments"),
        _money("penalty_minor", "unpaid penalty out of grace"),
        _money("due_total_minor", "sum of the four"),
        _money("outstanding_principal_minor", "principal less principal repaid"),
        _money("unallocated_minor", "money received that settles nothing yet"),
        _money("paid_minor", "sum of the payments that count"),
        _money("lawful_charges_minor", "the most that may be charged so far; null without a known cap", nullable=True),
        _money("excess_minor", "what is due but may not be demanded"),
        _money("overpaid_charges_minor", "charges beyond the cap that were paid already; a person looks first"),
        Column("cap_is_known", FLAG, "true or false", "the law's cap is known for every night that counts"),
        _money("claimable_minor", "what may be demanded: due_total_minor less excess_minor"),
        Column("next_due_on", DATE, "date", "first due date after as_of", nullable=True),
        _money("next_due_minor", "what the schedule asks on that date", nullable=True),
        Column("asset_class", TEXT, "text", "risk class by days past due and restructuring", one_of=ASSET_CLASSES),
    ),
)
