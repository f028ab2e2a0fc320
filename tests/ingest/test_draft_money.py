"""Amounts of a draft: parts that are summed, units that are told by sums, and the answers that a person types."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from arrears.cli import app
from arrears.ingest.draft import Draft, answer, draft
from arrears.ingest.draft_dialogue import ask
from arrears.ingest.mapping import parse_mapping
from arrears.refusal import Refused
from ingest.drafting import answered, tables_of

PARTS = [("还本金", "还利息", "还罚息"), ("实还本金", "实还利息", "实还费用"), ("principal_paid", "interest_paid", "penalty_paid", "fee_paid")]


def receipts_in_parts(tmp_path: Path, parts: tuple[str, ...]) -> Draft:
    path = tmp_path / "还款流水.csv"
    rows = "".join(f"P{n},L{n % 9},2024-05-0{n % 9 + 1}," + ",".join(f"{n + at}.50" for at in range(len(parts))) + "\n" for n in range(20))
    path.write_text(f"交易流水号,合同编号,交易日期,{','.join(parts)}\n{rows}", encoding="utf-8")
    return draft([str(path)])


@pytest.mark.parametrize("parts", PARTS)
def test_a_receipt_that_is_split_into_parts_is_their_sum(tmp_path, parts):
    drafted = receipts_in_parts(tmp_path, parts)
    assert tables_of(drafted)["payments"]["amount_minor"] == {"sum_of": list(parts), "unit": "major"}
    parse_mapping(answered(drafted).text, "draft.yaml")


def test_a_plain_penalty_beside_parts_is_asked_about_and_several_columns_may_be_answered(tmp_path):
    drafted = receipts_in_parts(tmp_path, ("实还本金", "实还利息", "罚息"))
    (question,) = drafted.questions
    assert question.default == "实还本金 + 实还利息 + 罚息" and 'proposed: {sum_of: [实还本金, 实还利息, 罚息], unit: "?"}' in drafted.text
    for said, names in ((question.default, ["实还本金", "实还利息", "罚息"]), ("实还本金+实还利息", ["实还本金", "实还利息"])):
        done = answer(drafted, {question.id: said})
        assert tables_of(done)["payments"]["amount_minor"] == {"sum_of": names, "unit": "major"}
    with pytest.raises(Refused):
        answer(drafted, {question.id: "实还本金 + 别的"})


def test_a_total_is_taken_where_one_stands_beside_the_parts(tmp_path):
    drafted = receipts_in_parts(tmp_path, ("实还本金", "实还利息", "实还金额"))
    assert tables_of(drafted)["payments"]["amount_minor"] == {"column": "实还金额", "unit": "major"}


@pytest.mark.parametrize("name", ["罚息", "罚息率"])
def test_a_penalty_in_percent_is_the_rate_of_a_loan(tmp_path, name):
    path = tmp_path / "loans.csv"
    path.write_text(f"借据号,放款金额,放款日期,{name}\n" + "".join(f"L{n},{n}00.50,2026-01-02,27%\n" for n in range(1, 6)), encoding="utf-8")
    assert tables_of(draft([str(path)]))["loans"]["penalty_rate_ppm"] == {"column": name, "unit": "percent"}


def test_the_unit_of_a_schedule_is_told_by_sums_that_fit_the_loans(tmp_path):
    loans, plan = tmp_path / "t_contract.csv", tmp_path / "t_plan.csv"
    loans.write_text("contract_no,loan_amt_fen,loan_dt\n" + "".join(f"L{n},{n}00000,2026-01-02\n" for n in range(1, 9)), encoding="utf-8")
    for scale, unit in ((1, "minor"), (100, "major")):
        rows = "".join(f"L{n},{k},2026-0{k + 1}-02,{n * 50_000 // scale},{k * 300 // scale}\n" for n in range(1, 9) for k in (1, 2))
        plan.write_text("contract_no,period_no,due_dt,prin,intr\n" + rows, encoding="utf-8")
        drafted = draft([str(loans), str(plan)])
        instalments = tables_of(drafted)["instalments"]
        assert instalments["principal_minor"] == {"column": "prin", "unit": unit} and instalments["interest_minor"] == {"column": "intr", "unit": unit}
        assert "unit by the sums: prin of 8 of 8 loans adds up to their loan_amt_fen" in drafted.text
    rows = "".join(f"L{n},{k},2026-0{k + 1}-02,{n * 51_111},{k * 300}\n" for n in range(1, 9) for k in (1, 2))
    plan.write_text("contract_no,period_no,due_dt,prin,intr\n" + rows, encoding="utf-8")
    drafted = draft([str(loans), str(plan)])
    (question,) = [one for one in drafted.questions if one.id.endswith("principal_minor.unit")]
    assert question.default == "minor" and "loan_amt_fen of the same draft is in minor" in question.en


def test_a_neighbour_with_a_named_unit_tells_more_than_whole_numbers(tmp_path):
    path = tmp_path / "plan.csv"
    path.write_text("借据号,期次,应还日期,应还本金(分),应还利息\n" + "".join(f"L{n},1,2026-02-02,50000,300\n" for n in range(9)), encoding="utf-8")
    drafted = draft([str(path)])
    assert tables_of(drafted)["instalments"]["interest_minor"] == {"column": "应还利息", "unit": "minor"}
    assert "unit by the name of its neighbour 应还本金(分), 0.7 sure" in drafted.text


# ---- asking ----


def loans_to_ask_of(tmp_path: Path) -> Path:
    path = tmp_path / "loans.csv"
    path.write_text("借据号,放款金额,放款日期\n" + "".join(f"L{n},{n}00,2026-01-02\n" for n in range(1, 6)), encoding="utf-8")
    return path


@pytest.mark.parametrize(("lang", "said"), [("en", "The input ended"), ("zh", "输入结束")])
def test_at_the_end_of_the_input_the_draft_is_written_with_its_questions_open(tmp_path, lang, said):
    out = tmp_path / "my.yaml"
    done = CliRunner().invoke(app, ["map", str(loans_to_ask_of(tmp_path)), "--out", str(out), "--ask", "--lang", lang], input="\n")
    assert done.exit_code == 0 and said in done.output and "Aborted" not in done.output
    assert '"?"' in out.read_text("utf-8")


def ask_with(drafted: Draft, said: dict[str, list[str]]) -> tuple[Draft, list[str]]:
    """The draft after these answers to questions whose sentence holds the key; all others stay as proposed or open."""
    heard: list[str] = []

    def read(prompt: str) -> str:
        heard.append(prompt)
        return next((lines.pop(0) for key, lines in said.items() if key in prompt and lines), "")

    return ask(drafted, "en", read, heard.append), heard


@pytest.mark.parametrize(("line", "entry"), [
    ("18.25%", {"constant": "18.25", "unit": "percent"}), ("万分之五/日", {"constant": "5", "unit": "permyriad_a_day"}),
    ("=1.5%/月", {"constant": "1.5", "unit": "percent_a_month"}), ("=270000", {"constant": "270000"}), ("日万分之5", {"constant": "5", "unit": "permyriad_a_day"}),
])
def test_a_rate_may_be_answered_as_people_say_it(tmp_path, line, entry):
    drafted, _ = ask_with(draft([str(loans_to_ask_of(tmp_path))]), {"penalty rate": [line]})
    assert tables_of(drafted)["loans"]["penalty_rate_ppm"] == entry


@pytest.mark.parametrize("line", ["=abc", "=0.18", "=18", "=万分之五", "=-5"])
def test_a_constant_that_the_mapping_could_not_read_is_asked_again_with_a_sentence(tmp_path, line):
    drafted, heard = ask_with(draft([str(loans_to_ask_of(tmp_path))]), {"penalty rate": [line, "27%"]})
    assert tables_of(drafted)["loans"]["penalty_rate_ppm"] == {"constant": "27", "unit": "percent"}
    asked_twice = [place for place, text in enumerate(heard) if "penalty rate" in text and text.endswith(": ")]
    assert len(asked_twice) == 2 and len(heard[asked_twice[0] + 1]) > 20, heard


def test_units_and_flags_are_answered_by_their_common_names(tmp_path):
    drafted, heard = ask_with(draft([str(loans_to_ask_of(tmp_path))]), {"in which unit": ["万元"], "compound": ["是"], "late days": ["x", "=3"]})
    loans = tables_of(drafted)["loans"]
    assert loans["principal_minor"] == {"column": "放款金额", "unit": "ten_thousand"}
    assert loans["penalty_on_interest"] == {"constant": "yes"} and loans["grace_days"] == {"constant": "3"}


def test_a_long_list_of_choices_says_how_many_more_there_are_and_lists_them(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b,c\n1,2,3\n4,5,6\n", encoding="utf-8")
    _, heard = ask_with(draft([str(path)]), {"which table": ["?", "none"]})
    assert re.search(r"… and \d+ more \(answer \? to list them\)", heard[0])
    assert "cash_flows" in heard[1] and "guarantors" in heard[1]
