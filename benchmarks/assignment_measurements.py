"""What one fresh process does to be measured: `assignment_measurements.py WAY CASES PEOPLE LIMIT` prints one line of JSON.

The made-up book: people of five groups of skills, three of money licences and two of languages, room for 105 in a hundred cases; seven in ten cases have a
holder, some people far more than others, of whom some have idled, can no longer do it, or have more than they can.
"""

import json
import sys
import time
from datetime import date, timedelta

import numba
import numpy as np
import polars as pl

from arrears.allocation.alike import KINDS, TIERS
from arrears.allocation.assign import assign, question
from arrears.allocation.flow import divide, network_of
from arrears.allocation.loads import even_shares, pieces, quotas_of
from arrears.allocation.recall import Terms
from arrears.allocation.roster import Collector, Roster

AS_OF = date(2026, 10, 31)
TERMS = Terms(idle_days=14, not_back_days=30, continuity_minor=2000, uneven_minor=500)
STAGES = ("M1", "M2", "M3", "M4", "M5", "M6", "M6+")
SEED = 1


def book(cases: int, people: int) -> tuple[pl.DataFrame, Roster, pl.DataFrame]:
    """Cases, people and holdings; the same for the same numbers."""
    dice = np.random.default_rng(SEED)
    room = dice.uniform(0.6, 1.4, people)
    room = np.ceil(room / room.sum() * cases * 1.05).astype(int)
    hands = tuple(
        Collector(f"c{place:04}", f"t{place % 5}", "collector", date(2020, 1, 1), None, (), int(room[place]), 420, ("zh", "yue") if place % 4 == 0 else ("zh",),
                  tuple(stage for number, stage in enumerate(STAGES) if (number + place) % 5 != 0), None if place % 2 else ("a", "b"),
                  (None, 5_000_000, 500_000)[place % 3])
        for place in range(people))
    expected = np.exp(dice.normal(10, 1.5, cases)).astype(np.int64)
    ids = np.array([f"B{number:08}" for number in range(cases)])
    rows = pl.DataFrame({
        "borrower_id": ids, "bucket": dice.choice(STAGES, cases), "product": dice.choice(["a", "b", "c"], cases, p=[0.5, 0.4, 0.1]),
        "claimable_minor": expected * 3, "expected_minor": expected, "difficulty": dice.random(cases), "owner": "collector",
        "language": dice.choice(["zh", "yue"], cases, p=[0.95, 0.05]),
        "last_touched_on": pl.Series(np.datetime64(AS_OF) - dice.integers(0, 16, cases).astype("timedelta64[D]")).cast(pl.Date),
    }).with_columns(pl.lit(None, pl.String).alias("skill"), pl.lit(None, pl.String).alias("region"))
    held = dice.random(cases) < 0.7
    names = np.array([one.name for one in hands])
    favoured = room * np.exp(dice.normal(0, 0.6, people))
    holdings = pl.DataFrame({"borrower_id": ids[held], "held_by": dice.choice(names, int(held.sum()), p=favoured / favoured.sum())}).with_columns(
        pl.lit(AS_OF - timedelta(days=60)).alias("held_since"))
    return rows, Roster(tuple(f"t{place}" for place in range(5)), hands, (), (), ()), holdings


def tables_of(asked) -> tuple[np.ndarray, np.ndarray, list[list[np.ndarray]]]:
    """Prices of the first, second, … case more, unit by unit: one long array, where each begins by person and column, the last column being all tiers."""
    columns = len(KINDS) * TIERS
    even, quota = even_shares(asked.classes, asked.hands), quotas_of(asked.classes, asked.hands)
    every, begins = [], np.zeros((len(asked.hands.room), columns + 1), np.int64)
    used, at, pieced = set(np.unique(asked.classes.tier).tolist()), 0, []
    for place, room in enumerate(asked.hands.room.tolist()):
        pieced.append([])
        for column in range(columns + 1):
            if column < columns and column not in used:
                pieced[-1].append((np.zeros(0, np.int64), np.zeros(0, np.int64)))
                continue
            share = even[place].sum() if column == columns else even[place, column]
            most = int(quota[place]) if column == columns and asked.hands.is_agency[place] else None
            width, price = pieces(share, room, 0, asked.prices.uneven, most, asked.prices.share)
            pieced[-1].append((width, price))
            begins[place, column] = at
            every.append(np.repeat(price, width))
            at += room
    return np.concatenate(every), begins, pieced


@numba.njit
def counted(to, of_case, tier, last, rank, lost, continuity, unit, begins, people):
    """What a division costs, case by case: the whole, without what is left, how many are left, how many changed hands freely."""
    columns = begins.shape[1] - 1
    loads = np.zeros((people, columns + 1), np.int64)
    whole, left_cost, left, moved = 0, 0, 0, 0
    for row in range(len(to)):
        each = of_case[row]
        if to[row] < 0:
            left_cost += lost[rank[each], tier[each]]
            left += 1
            continue
        if last[each] >= 0 and last[each] != to[row]:
            whole += continuity
            moved += 1
        for column in (tier[each], columns):
            whole += unit[begins[to[row], column] + loads[to[row], column]]
            loads[to[row], column] += 1
    return whole + left_cost, whole, left, moved


@numba.njit
def greedy(order, of_case, group, tier, last, sets, continuity, unit, begins, room):
    """Each case in turn to whoever costs least with room left; nobody where there is none."""
    columns = begins.shape[1] - 1
    loads = np.zeros((len(room), columns + 1), np.int64)
    to = np.full(len(order), -1, np.int64)
    for row in order:
        each = of_case[row]
        best, least = -1, 0
        for place in range(len(room)):
            if loads[place, columns] >= room[place] or not (place == last[each] or (group[each] >= 0 and sets[group[each], place])):
                continue
            price = unit[begins[place, tier[each]] + loads[place, tier[each]]] + unit[begins[place, columns] + loads[place, columns]]
            if last[each] >= 0 and last[each] != place:
                price += continuity
            if best < 0 or price < least:
                best, least = place, price
        if best >= 0:
            to[row] = best
            loads[best, tier[each]] += 1
            loads[best, columns] += 1
    return to


def measured(way: str, cases: int, people: int, limit: int) -> dict:
    """What one way costs and how long it takes; the bound is that of our own dual."""
    rows, roster, holdings = book(cases, people)
    asked = question(rows.head(500), roster, holdings.head(350), TERMS, AS_OF, {})
    divide(asked.classes, asked.hands, asked.prices)
    assign(rows.head(500), roster, holdings.head(350), TERMS, AS_OF)
    if way == "ours":
        begun, cpu = time.perf_counter(), time.process_time()
        found = assign(rows, roster, holdings, TERMS, AS_OF)
        took = {"inside_s": time.perf_counter() - begun, "cpu_s": time.process_time() - cpu}
    asked = question(rows, roster, holdings, TERMS, AS_OF, {})
    classes, prices = asked.classes, asked.prices
    if way.startswith("highs"):
        return _by_highs(asked, way, limit)
    unit, begins, _ = tables_of(asked)
    if way == "ours":
        places = {one.name: place for place, one in enumerate(roster.people)}
        holder = asked.book[asked.active].join(found.rows.select("borrower_id", pl.col("held_by").alias("to")), on="borrower_id", how="left", maintain_order="left")
        to = holder["to"].replace_strict(places, default=-1, return_dtype=pl.Int64).fill_null(-1).to_numpy()
        more = {"bound": found.bound, "solver_cost": found.cost}
    else:
        greedy(np.zeros(0, np.int64), classes.of_case, classes.group, classes.tier, classes.last, classes.sets, prices.continuity, unit, begins, asked.hands.room)
        begun = time.perf_counter()
        order = np.lexsort((-asked.money, -classes.rank[classes.of_case]))
        to = greedy(order, classes.of_case, classes.group, classes.tier, classes.last, classes.sets, prices.continuity, unit, begins, asked.hands.room)
        took, more = {"inside_s": time.perf_counter() - begun}, {}
    whole, given, left, moved = counted(to, classes.of_case, classes.tier, classes.last, classes.rank, prices.lost, prices.continuity, unit, begins, people)
    return {**took, **more, "cost": int(whole), "cost_of_given": int(given), "left": int(left), "moved_freely": int(moved), "classes": len(classes.size),
            "arcs": len(network_of(classes, asked.hands, prices).tail)}


def _by_highs(asked, way: str, limit: int) -> dict:
    import highspy

    begun = time.perf_counter()
    cost, upper, entries, lower, upper_row = _network_columns(asked) if way == "highs_network" else _case_columns(asked)
    problem = highspy.HighsLp()
    problem.num_col_, problem.num_row_ = len(cost), len(lower)
    problem.col_cost_, problem.col_lower_, problem.col_upper_ = cost.astype(float), np.zeros(len(cost)), upper.astype(float)
    problem.row_lower_, problem.row_upper_ = lower.astype(float), upper_row.astype(float)
    column, row, value = entries
    order = np.lexsort((row, column))
    problem.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    problem.a_matrix_.start_ = np.searchsorted(column[order], np.arange(len(cost) + 1)).astype(np.int32)
    problem.a_matrix_.index_, problem.a_matrix_.value_ = row[order].astype(np.int32), value[order].astype(float)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("time_limit", float(limit))
    solver.setOptionValue("solver", "simplex" if way == "highs_network" else "ipm")
    solver.passModel(problem)
    built = time.perf_counter() - begun
    solver.run()
    status = solver.modelStatusToString(solver.getModelStatus())
    found = {"built_s": built, "inside_s": time.perf_counter() - begun, "status": status, "columns": len(cost), "rows": len(lower), "entries": len(row)}
    return found | ({"cost": round(solver.getObjectiveValue())} if status == "Optimal" else {})


def _network_columns(asked) -> tuple:
    """Our arcs as columns, our nodes as rows."""
    network = network_of(asked.classes, asked.hands, asked.prices)
    arcs = np.arange(len(network.tail))
    entries = (np.concatenate([arcs, arcs]), np.concatenate([network.tail, network.head]), np.concatenate([np.ones(len(arcs)), -np.ones(len(arcs))]))
    return network.cost, network.most, entries, network.supply, network.supply


def _case_columns(asked) -> tuple:
    """A column per case and person who may have it, per case for nobody, and per piece of a load; rows: cases, persons and tiers, persons."""
    classes, prices, columns = asked.classes, asked.prices, len(KINDS) * TIERS
    _, _, pieced = tables_of(asked)
    may = np.zeros((len(classes.size), len(asked.hands.room)), np.bool_)
    may[classes.group >= 0] = classes.sets[classes.group[classes.group >= 0]]
    known = classes.last >= 0
    may[known, classes.last[known]] = True
    each, place = np.nonzero(may)
    per_class = [place[begin:end] for begin, end in zip(*(np.searchsorted(each, np.arange(len(classes.size)) + side) for side in (0, 1)), strict=True)]
    of_case = classes.of_case
    case = np.repeat(np.arange(len(of_case)), np.array([len(one) for one in per_class])[of_case])
    to = np.concatenate([per_class[one] for one in of_case.tolist()])
    mine = of_case[case]
    cell = to * columns + classes.tier[mine]
    cells, at = np.unique(cell, return_inverse=True)
    first_cell, first_person = len(of_case), len(of_case) + len(cells)
    costs = [np.where((classes.last[mine] >= 0) & (classes.last[mine] != to), prices.continuity, 0), prices.lost[classes.rank[of_case], classes.tier[of_case]]]
    uppers = [np.ones(len(case)), np.ones(len(of_case))]
    numbers, nobody = np.arange(len(case)), len(case) + np.arange(len(of_case))
    entries = [(numbers, case, np.ones(len(case))), (numbers, first_cell + at.reshape(-1), np.ones(len(case))), (nobody, np.arange(len(of_case)), np.ones(len(of_case)))]
    next_column = len(case) + len(of_case)
    loads = [(first_cell + number, first_person + one // columns, pieced[one // columns][one % columns]) for number, one in enumerate(cells.tolist())]
    loads += [(first_person + one, None, pieced[one][columns]) for one in range(len(asked.hands.room))]
    for row, above, (width, price) in loads:
        here = next_column + np.arange(len(width))
        entries.append((here, np.full(len(width), row), -np.ones(len(width))))
        if above is not None:
            entries.append((here, np.full(len(width), above), np.ones(len(width))))
        costs.append(price)
        uppers.append(width)
        next_column += len(width)
    equal = np.concatenate([np.ones(len(of_case)), np.zeros(len(cells) + len(asked.hands.room))])
    return (np.concatenate(costs), np.concatenate(uppers), tuple(np.concatenate([one[part] for one in entries]) for part in range(3)), equal, equal)


if __name__ == "__main__":
    way, *numbers = sys.argv[1:]
    print(json.dumps(measured(way, *(int(each) for each in numbers))))
