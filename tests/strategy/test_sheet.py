"""A strategy as cells of a spreadsheet and back: what means the same keeps its text, and what cannot be meant is refused naming sheet, line and column."""

from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.refusal import Refused
from arrears.strategy.conditions import FIELDS
from arrears.strategy.reading import default_strategy_text, strategy_from
from arrears.strategy.sheet import cells_to_yaml, rows_to_cells
from arrears.strategy.strategy import Strategy
from arrears.strict_yaml import BadYaml

SHIPPED = default_strategy_text()
WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\x85\u2028\u2029\ufeff\ufffe\uffff") | st.sampled_from("\",，、'\n:#-{}[]=@%&*!|> "), min_size=1,
                max_size=12).filter(lambda text: text.strip())
PRODUCTS = st.lists(WORDS, min_size=1, max_size=3, unique=True)
CELLS = {
    "bucket": st.sampled_from(["M1", "M6+"]) | st.lists(st.sampled_from(["M1", "M2", "M6+"]), min_size=1, max_size=3, unique=True), "product": WORDS | PRODUCTS,
    "hold": st.just("none"), "claimable": st.sampled_from(["<5", ">=10000000000000", "7..99"]), "self_cure": st.sampled_from([">=85%", "<12.3456%", "1%..2.5%"]),
    "segment": st.sampled_from(["first", "second"]),
}
CONDITIONS = st.permutations(sorted(CELLS)).flatmap(lambda names: st.fixed_dictionaries({}, optional={name: CELLS[name] for name in names}))
FOLLOWS = st.sampled_from([{"treatment": "call"}, {"treatment": "leave_alone", "restraint": "yes"}, {"choose": ["call", "leave_alone"]}, {"ladder": "steps"},
                           {"treatment": "call", "fixed": "yes"}])
REASONS = st.fixed_dictionaries({"zh": WORDS, "en": WORDS})
ROWS = st.lists(st.tuples(CONDITIONS, FOLLOWS, REASONS), max_size=5)
OFFERED = {"instalments_most": st.sampled_from(["2", "36"]), "shift_days_most": st.sampled_from(["1", "365"]), "waive_penalty": st.sampled_from(["100%", "0.0001%", "12.5%"]),
           "waive_interest": st.just("5%")}
OFFERS = st.lists(st.tuples(st.sampled_from([{}, {"hardship": "yes"}, {"bucket": ["M1", "M2"], "claimable": "<9"}]), st.fixed_dictionaries({}, optional=OFFERED), REASONS), max_size=3)


class _Written(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


def text_of(rows, offers) -> str:
    """A strategy's text, written by another hand than the one that is tested."""
    content = {
        "id": "made", "version": "1",
        "segments": {"rows": [{"name": "first", "zh": "甲", "en": "a", "when": {"product": ["x", "y"]}}], "otherwise": {"name": "second", "zh": "乙", "en": "b"}},
        "treatments": [{"name": "call", "zh": "电话", "en": "call", "channel": "call"}, {"name": "leave_alone", "zh": "不", "en": "no", "owner": "nobody"}],
        "ladders": [{"name": "steps", "zh": "阶", "en": "steps", "steps": [{"from_day": "1", "treatment": "call"}]}],
        "rows": [{"name": f"r{place}", "when": when, **follows, "reason": reason} for place, (when, follows, reason) in enumerate(rows)],
        "otherwise": {"name": "else", "treatment": "leave_alone", "reason": {"zh": "余", "en": "rest"}},
        "offers": {"rows": [{"name": f"o{place}", "when": when, **offered, "reason": reason} for place, (when, offered, reason) in enumerate(offers)],
                   "otherwise": {"name": "none", "reason": {"zh": "无", "en": "none"}}},
    }
    return yaml.dump(content, Dumper=_Written, allow_unicode=True, sort_keys=False, default_flow_style=False, width=10_000)


def meaning(strategy: Strategy):
    """What the tables say; in which order a row names its fields says nothing, nor do blanks around words."""
    def plain(entry):
        words = {key: getattr(entry, key).strip() for key in ("reason_zh", "reason_en", "zh", "en") if hasattr(entry, key)}
        return replace(entry, when=tuple(sorted(entry.when)), **words)
    return tuple(tuple(plain(entry) for entry in table) for table in (strategy.rows, strategy.segments, strategy.offers))


@given(ROWS, OFFERS)
@settings(deadline=None, max_examples=100)
def test_a_strategy_whose_sheet_was_not_changed_keeps_every_letter(rows, offers):
    text = text_of(rows, offers)
    assert cells_to_yaml(text, rows_to_cells(strategy_from(text))) == text


@given(ROWS, OFFERS, ROWS, OFFERS)
@settings(deadline=None, max_examples=100)
def test_cells_put_into_another_text_say_there_what_they_said_before(rows, offers, other_rows, other_offers):
    strategy, other = strategy_from(text_of(rows, offers)), text_of(other_rows, other_offers)
    assert meaning(strategy_from(cells_to_yaml(other, rows_to_cells(strategy)))) == meaning(strategy)


@given(st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_rows_that_are_moved_or_deleted_leave_the_text_of_the_others_as_it_is(random):
    cells = rows_to_cells(strategy_from(SHIPPED))
    head, *rows, last = cells["rows"]
    kept = random.sample(rows, random.randint(0, len(rows)))
    new = cells_to_yaml(SHIPPED, {"rows": [head, *kept, last]})
    assert [row.name for row in strategy_from(new).rows] == [row[0] for row in (*kept, last)]
    blocks = {block.split("\n", 1)[0]: block for block in SHIPPED.split("\nrows:\n")[1].split("\notherwise:")[0].split("  - name: ")}
    assert all("  - name: " + blocks[row[0]].rstrip("\n") in new for row in kept)
    before, after = SHIPPED.split("\nrows:\n")[0], SHIPPED.split("\notherwise:")[1]
    assert new.startswith(before) and new.endswith(after)


COMMENTED = SHIPPED.replace("  - name: trifle\n", "  # too little to bother\n  - name: trifle # small\n    # in minor units\n", 1)


def changed(**cells: str) -> str:
    """The commented text with cells of the row trifle changed."""
    table = rows_to_cells(strategy_from(COMMENTED))
    row = next(line for line in table["rows"] if line[0] == "trifle")
    for column, cell in cells.items():
        row[table["rows"][0].index(column)] = cell
    return cells_to_yaml(COMMENTED, table)


def test_comments_above_a_changed_row_are_kept_and_those_within_it_are_lost():
    new = changed(claimable="<2000", bucket="M1, M2")
    assert '  # too little to bother\n  - name: trifle\n    when: {claimable: "<2000", bucket: [M1, M2]}\n    treatment: leave_alone\n' in new
    assert "in minor units\n    when" not in new
    assert new.replace("\n", "").count("#") == COMMENTED.count("#") - 2
    assert changed(reason_en=" less than 10.00 may be asked; not worth a bother ") == COMMENTED


def test_a_new_row_is_written_where_it_stands_and_means_what_it_says():
    cells = rows_to_cells(strategy_from(SHIPPED))
    head = cells["rows"][0]
    line = {"name": "new", "bucket": "M1，M2", "product": '"a, ""b""", c', "choose": "leave_alone、call", "reason_zh": "因：一", "reason_en": "why: \"x\" # no comment"}
    head.insert(1, "product")
    for row in cells["rows"][1:]:
        row.insert(1, "")
    cells["rows"].insert(3, [line.get(column, "") for column in head])
    row = strategy_from(cells_to_yaml(SHIPPED, cells)).rows[2]
    assert (row.name, row.when) == ("new", (("product", ('a, "b"', "c")), ("bucket", ("M1", "M2"))))
    assert row.treatments == ("call", "leave_alone") and row.reason_en == 'why: "x" # no comment'


def test_tables_that_the_cells_do_not_have_stay_and_tables_that_the_text_does_not_have_are_added():
    bare = text_of([], []).split("segments:")[0] + "treatments:" + text_of([], []).split("treatments:")[1].split("offers:")[0]
    assert not strategy_from(bare).segments and not strategy_from(bare).offers
    cells = rows_to_cells(strategy_from(SHIPPED))
    new = cells_to_yaml(bare, {"offers": cells["offers"], "segments": cells["segments"]})
    assert strategy_from(new).offers == strategy_from(SHIPPED).offers and strategy_from(new).segments == strategy_from(SHIPPED).segments
    assert strategy_from(new).rows == strategy_from(bare).rows and new.startswith(bare)


def test_tables_in_brackets_are_written_anew_and_a_whole_file_in_brackets_is_refused():
    text = SHIPPED.split("segments:")[0] + 'segments: {rows: [{name: a, zh: 甲, en: a, when: {cap: known}}], otherwise: {name: b, zh: 乙, en: b}}  # both\n' + SHIPPED.split("people}\n", 1)[1]
    text = text.replace("segment: firms", "segment: a")
    cells = rows_to_cells(strategy_from(text))
    cells["segments"][1][cells["segments"][0].index("en")] = "alpha"
    assert [one.en for one in strategy_from(cells_to_yaml(text, cells)).segments] == ["alpha", "b"]
    whole = yaml.dump(yaml.load(SHIPPED, Loader=yaml.BaseLoader), default_flow_style=True, allow_unicode=True)
    assert cells_to_yaml(whole, rows_to_cells(strategy_from(whole))) == whole
    with pytest.raises(Refused, match="written in brackets"):
        cells_to_yaml(whole, {"rows": [*rows_to_cells(strategy_from(whole))["rows"][:1], rows_to_cells(strategy_from(whole))["rows"][-1]]})


def test_a_strategy_can_lose_its_rows_and_get_them_back():
    cells = rows_to_cells(strategy_from(SHIPPED))
    empty = cells_to_yaml(SHIPPED, {"rows": [cells["rows"][0], cells["rows"][-1]]})
    assert [row.name for row in strategy_from(empty).rows] == ["otherwise"]
    assert meaning(strategy_from(cells_to_yaml(empty, cells))) == meaning(strategy_from(SHIPPED))


def with_cell(line: int, column: str, cell: str, table: str = "rows") -> dict:
    cells = rows_to_cells(strategy_from(SHIPPED))
    cells[table][line - 1][cells[table][0].index(column)] = cell
    return cells


@pytest.mark.parametrize("line,column,cell,said", [
    (5, "claimable", "1000", "'1000' is no range; write <N, >=N or N..M in minor units"), (5, "claimable", "=1+1", "no range"), (6, "self_cure", "85%", "no range"),
    (6, "bucket", "M1,,M2", "one value or a list"), (6, "bucket", "M1,", "one value or a list"), (6, "bucket", "M1, M1", "stands twice"), (6, "bucket", 'M1 "M2', "cannot be split"),
    (2, "hold", "holiday", "'holiday' is not known"), (12, "segment", "frims", "'frims' is not in the strategy; it has firms, people"),
    (2, "treatment", "sue", "'sue' is not in the strategy"), (8, "ladder", "early_wekly", "'early_wekly' is not in the strategy"),
    (10, "choose", "call", "expected two or more"), (10, "choose", "call, call", "expected two or more"), (10, "choose", "call, sue", "'sue' is not in the strategy"),
    (2, "restraint", "maybe", "neither yes nor no"), (2, "fixed", "TRUE", "neither yes nor no"), (2, "reason_en", " ", "the cell is empty"), (2, "name", "", "the cell is empty"),
    (3, "name", "held", "'held' stands in line 2 already"), (18, "bucket", "M1", "no conditions"), (18, "restraint", "yes", "no conditions"),
])
def test_a_cell_that_cannot_be_meant_is_refused_naming_sheet_line_and_column(line, column, cell, said):
    with pytest.raises(Refused) as refusal:
        cells_to_yaml(SHIPPED, with_cell(line, column, cell))
    assert refusal.value.en.startswith(f"sheet rows, line {line}, column {column}: ") and said in refusal.value.en
    assert refusal.value.zh.startswith(f"工作表rows第{line}行{column}列：")


@pytest.mark.parametrize("line,column,cell,said", [
    (2, "waive_penalty", "0.5", "'0.5' is no share"), (2, "waive_interest", "101%", "no share"), (2, "instalments_most", "12.5", "no whole number"),
    (2, "shift_days_most", "-1", "no whole number"), (3, "kept_plans", "1", "in plans"),
])
def test_a_cell_of_an_offer_that_cannot_be_meant_is_refused(line, column, cell, said):
    with pytest.raises(Refused, match=f"sheet offers, line {line}, column {column}: .*{said}"):
        cells_to_yaml(SHIPPED, with_cell(line, column, cell, "offers"))


def test_a_line_gives_exactly_one_of_treatment_choose_and_ladder():
    with pytest.raises(Refused, match="line 2, column ladder: give one of treatment, choose, ladder; the line has treatment and ladder"):
        cells_to_yaml(SHIPPED, with_cell(2, "ladder", "early"))
    with pytest.raises(Refused, match="line 2, column treatment: .*has none"):
        cells_to_yaml(SHIPPED, with_cell(2, "treatment", ""))


def test_a_table_of_another_shape_is_refused():
    cells = rows_to_cells(strategy_from(SHIPPED))
    head = cells["rows"][0]
    for lines, said in [
        ([["name", "colour", *head[1:]]], "line 1: unknown column 'colour'"), ([[*head, "bucket"]], "line 1: the column bucket stands twice"),
        ([head[:-1]], "line 1: the column reason_en is missing"), ([head], "line 2: there is no row"), ([], "line 1: the column name is missing"),
        ([head, ["a"] * (len(head) + 1)], f"line 2: cell {len(head) + 1} stands under no column"),
    ]:
        with pytest.raises(Refused, match=said):
            cells_to_yaml(SHIPPED, {"rows": lines})
    with pytest.raises(Refused, match="no table 'limits'"):
        cells_to_yaml(text_of([], []), {"limits": [["name"]]})


def test_blank_lines_are_passed_over_and_counted():
    cells = with_cell(5, "claimable", "1000")
    cells["rows"].insert(2, [""] * 3)
    with pytest.raises(Refused, match="line 6, column claimable"):
        cells_to_yaml(SHIPPED, cells)
    cells = rows_to_cells(strategy_from(SHIPPED))
    cells["rows"].insert(2, [" "] * 3)
    assert cells_to_yaml(SHIPPED, cells) == SHIPPED


def test_what_the_strategy_itself_refuses_is_refused_from_a_sheet_too():
    cells = rows_to_cells(strategy_from(SHIPPED))
    cells["offers"][0].insert(1, "self_cure")
    for line in cells["offers"][1:]:
        line.insert(1, "")
    cells["offers"][1][1] = ">=50%"
    with pytest.raises(BadYaml, match="个人信息保护法"):
        cells_to_yaml(SHIPPED, cells)


def test_the_sheet_has_a_column_for_each_field_that_is_named():
    head = rows_to_cells(strategy_from(SHIPPED))["rows"][0]
    assert [name for name in head if name in FIELDS] == ["bucket", "hold", "cap", "overpaid", "claimable", "segment", "frequency", "self_cure"]


ODD = """\
# odd, but a strategy
otherwise: {name: else, treatment: leave_alone, reason: {zh: 余, en: rest}}   # the rest
treatments:
- {name: leave_alone, zh: 不, en: no, owner: nobody}
- {name: call, zh: 电话, en: call, channel: call}
rows:   # from the top
# first of all
-
  # who
  name: "a"
  when:
    bucket: [M1,   # early
             M2]
  treatment: call
  reason:
    zh: 因
    en: |
      - name: b   # no row, but words

      otherwise: x
# between a and c
- name: c
  when: {}
  reason: {en: why, zh: 因}
  treatment: call
# after the last
id: odd
version: "1"
..."""


def test_rows_written_in_any_way_of_yaml_keep_their_text_and_the_rest_is_untouched():
    cells = rows_to_cells(strategy_from(ODD))
    assert [line[0] for line in cells["rows"]] == ["name", "a", "c", "else"]
    assert cells_to_yaml(ODD, cells) == ODD
    head, a, c, last = cells["rows"]
    begin, middle, end = ODD.index("# first of all"), ODD.index("# between"), ODD.index("# after the last")
    assert cells_to_yaml(ODD, {"rows": [head, c, a, last]}) == ODD[:begin] + ODD[middle:end] + ODD[begin:middle] + ODD[end:] + "\n"
    assert cells_to_yaml(ODD, {"rows": [head, a, last]}) == ODD[:middle] + ODD[end:] + "\n"
    assert cells_to_yaml(ODD, {"rows": [head, last]}) == ODD[:ODD.index("rows:")] + "rows: []\n" + ODD[end:] + "\n"
    changed = cells_to_yaml(ODD, {"rows": [head, a, [*c[:-1], "other"], [*last[:-1], "changed"]]})
    assert '# between a and c\n- name: c\n  when: {}\n  treatment: call\n  reason: {zh: "因", en: "other"}\n# after' in changed
    assert changed.startswith('# odd, but a strategy\notherwise:\n  name: else\n  treatment: leave_alone\n  reason: {zh: "余", en: "changed"}\ntreatments:')
    assert ODD[begin:middle] in changed
    offers = rows_to_cells(strategy_from(SHIPPED))["offers"]
    assert strategy_from(cells_to_yaml(ODD, {"offers": offers})).offers == strategy_from(SHIPPED).offers


def test_values_with_commas_of_any_kind_or_quotes_in_them_stay_one_value():
    products = ["甲、乙", "甲，乙", "a,b", '"q"', " edge ", "plain"]
    for product in (products, *products):
        text = text_of([({"product": product}, {"treatment": "call"}, {"zh": "因", "en": "why"})], [])
        assert cells_to_yaml(text, rows_to_cells(strategy_from(text))) == text
    assert rows_to_cells(strategy_from(text_of([({"product": products}, {"treatment": "call"}, {"zh": "因", "en": "why"})], [])))["rows"][1][1] == (
        '"甲、乙", "甲，乙", "a,b", """q""", " edge ", plain')
