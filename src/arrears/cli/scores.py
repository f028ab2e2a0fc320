"""Commands of the models: score fit, evaluate, release, rollback, card, list; score application and person."""

import json
from pathlib import Path
from typing import Annotated

import typer

from arrears import store
from arrears.cli import score_words, terms
from arrears.cli.terms import KnownAtOption, LangOption
from arrears.days import read_day
from arrears.refusal import Refused

score = typer.Typer(no_args_is_help=True, help="Models: fit, measure, release, and score with them. 评分模型：拟合、检验、发布与评分。")

NameArgument = Annotated[str, typer.Argument(help="A model or a family: application, behaviour, collection, contact, loss. 模型或模型族")]
ModelBookOption = Annotated[Path, typer.Option("--book", help="The book's folder; its models lie in it. 账册文件夹，模型也保存在其中")]
DayOption = Annotated[str | None, typer.Option("--as-of", help="Business date, YYYY-MM-DD; nothing later is looked at. 业务日期，其后的数据一概不用")]
VersionOption = Annotated[int | None, typer.Option("--version", help="Which version; default the latest, or for scoring the released one. 版本号", min=1)]
DataOption = Annotated[Path | None, typer.Option("--data", help="Rows from this .parquet or .csv instead of the book. 改用此文件的行")]
DefinitionOption = Annotated[Path | None, typer.Option("--definition", help="YAML that says outcome and features of the file. 写明结果与特征的 YAML")]
TargetOption = Annotated[str | None, typer.Option("--target", help="Without a definition: the outcome's column or formula. 结果列或公式")]
EventOption = Annotated[str | None, typer.Option("--event", help="The value of the outcome that is the event. 结果列中表示事件的取值")]
TimeOption = Annotated[str | None, typer.Option("--time", help="Column with each row's date: measured on the latest rows. 日期列：用最晚的行检验")]
GroupOption = Annotated[str | None, typer.Option("--group", help="Column that names the person: held out at random, nobody is in two parts. 人员列：随机留出时同一人不会分在两处")]
ExcludeOption = Annotated[list[str] | None, typer.Option("--exclude", help="A column not to learn from; may be given several times. 不使用的列，可多次给出")]
SnapshotsOption = Annotated[int, typer.Option(help="How many moments of the past, 30 days apart, to learn from. 用多少个历史时点", min=2, max=60)]
RowsOption = Annotated[int, typer.Option(help="At most so many loans of the book, chosen by a stable hash of their people. 最多使用的贷款笔数", min=100)]
SeedOption = Annotated[int, typer.Option(help="The same seed gives the same model. 种子", min=0, max=2**32 - 1)]


@score.command("fit")
def fit(
    name: NameArgument, book: ModelBookOption, as_of: DayOption = None, known_at: KnownAtOption = None,
    kind: Annotated[str | None, typer.Option("--kind", help="scorecard or boosted; default by the model. 评分卡或提升树")] = None,
    data: DataOption = None, definition: DefinitionOption = None, target: TargetOption = None, event: EventOption = None, time: TimeOption = None,
    group: GroupOption = None, exclude: ExcludeOption = None, snapshots: SnapshotsOption = 9, loans_most: RowsOption = 200_000, seed: SeedOption = 42,
    lang: LangOption = None,
) -> None:
    """Fit a model on the past and keep it with its card; nothing is released by it. 用历史拟合模型并生成模型卡（不发布）。"""
    from arrears.modelling.fit import fit as fit_sample
    from arrears.modelling.fit import keep

    with terms.refusals(lang):
        if kind not in (None, "scorecard", "boosted"):
            raise Refused(f"--kind {kind} is not known; write scorecard or boosted", f"--kind {kind} 不支持；请写 scorecard 或 boosted")
        home = store.book_for_load(book) if data is not None else store.book_at(book)
        made = 0
        problems = []
        for sample in _samples(home, name, as_of, known_at, data, definition, target, event, time, group, exclude, snapshots, loans_most, seed):
            if isinstance(sample, Refused):
                problems.append(sample)
                continue
            try:
                model, card = fit_sample(sample, kind)
            except Refused as problem:
                problems.append(problem)
                continue
            number = keep(home, model, card)
            made += 1
            for line in score_words.fitted_lines(home, {**card, "version": number}, terms.language(lang)):
                print(line)
        for problem in problems if made else problems[1:]:
            terms.refused(problem.en, problem.zh, lang)
        if problems and not made:
            raise problems[0]


@score.command("evaluate")
def evaluate(
    name: NameArgument, book: ModelBookOption, as_of: DayOption = None, known_at: KnownAtOption = None, version: VersionOption = None,
    against: Annotated[int | None, typer.Option("--against", help="Another version, compared on the same rows. 在相同的行上比较的另一版本", min=1)] = None,
    data: DataOption = None, snapshots: SnapshotsOption = 9, loans_most: RowsOption = 200_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON. 以 JSON 输出")] = False, lang: LangOption = None,
) -> None:
    """Measure a kept model on rows it never saw, and beside another version. 用样本外的行检验模型，并可与另一版本比较。"""
    from arrears import registry
    from arrears.modelling.evaluate import evaluated

    with terms.refusals(lang):
        home = store.book_at(book)
        _demand_model(name)
        kept = registry.read_version(home, name, version)
        other = None if against is None else registry.read_version(home, name, against)
        sample = _sample_again(home, kept, other, as_of, known_at, data, snapshots, loans_most)
        found = evaluated(kept, sample, other)
        if as_json:
            print(json.dumps(found, ensure_ascii=False, indent=1, default=float))
            return
        for line in score_words.evaluated_lines(found, terms.language(lang)):
            print(line)


@score.command("release")
def release(
    name: NameArgument, book: ModelBookOption,
    by: Annotated[str, typer.Option("--by", help="Who releases it. 发布人")],
    assessment: Annotated[str, typer.Option("--assessment", help="Where the impact assessment of PIPL Art. 55 is kept. 个人信息保护影响评估报告存放处")],
    version: VersionOption = None, why: Annotated[str, typer.Option("--why", help="Why. 原因")] = "", lang: LangOption = None,
) -> None:
    """From now on the nights score with this version. 发布：此后夜批使用此版本。"""
    from arrears.modelling import releasing

    with terms.refusals(lang):
        _demand_model(name)
        entry = releasing.release(store.book_at(book), name, version, terms.now(), by, assessment, why)
        print(score_words.released_line(entry, terms.language(lang)))


@score.command("rollback")
def rollback(
    name: NameArgument, book: ModelBookOption, by: Annotated[str, typer.Option("--by", help="Who takes it back. 撤回人")],
    why: Annotated[str, typer.Option("--why", help="Why. 原因")], lang: LangOption = None,
) -> None:
    """Take the latest release back: the version before it holds again, or none. 撤回最近一次发布。"""
    from arrears.modelling import releasing

    with terms.refusals(lang):
        _demand_model(name)
        entry = releasing.rollback(store.book_at(book), name, terms.now(), by, why)
        print(score_words.released_line(entry, terms.language(lang)))


@score.command("list")
def list_models(book: ModelBookOption, lang: LangOption = None) -> None:
    """Every model with its versions, figures, and what is released. 列出模型、版本、指标与发布情况。"""
    with terms.refusals(lang):
        for line in score_words.listed_lines(store.book_at(book), terms.language(lang)):
            print(line)


@score.command("card")
def card(
    name: NameArgument, book: ModelBookOption, version: VersionOption = None, as_of: DayOption = None, known_at: KnownAtOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the page here. 输出文件")] = None, lang: LangOption = None,
) -> None:
    """Say what a model's card says and where its page is; --as-of adds how its bands behaved since. 查看模型卡；--as-of 附上各分数段后来的表现。"""
    from arrears import registry
    from arrears.modelling.later import card_with_later

    with terms.refusals(lang):
        home = store.book_at(book)
        _demand_model(name)
        kept = registry.read_version(home, name, version)
        page = home.model_folder(name, kept.version) / registry.CARD_PAGE
        if as_of is not None or out is not None:
            day = None if as_of is None else read_day(as_of)
            page = out or home.models / name / f"{kept.version:04d}-{as_of}.html"
            with terms.progress() as report:
                content = card_with_later(home, kept, day, None if day is None else terms.known_at_of(book, known_at), report)
            store.write_bytes(page, content.encode())
        for line in score_words.card_lines(kept, page, terms.language(lang)):
            print(line)


@score.command("application")
def application(
    file: Annotated[Path, typer.Argument(help="Applicants, one a row: .parquet or .csv. 申请人文件，每行一人")], book: ModelBookOption,
    out: Annotated[Path, typer.Option("--out", help="File to write: .parquet or .csv. 输出文件")], version: VersionOption = None,
    name: Annotated[str, typer.Option("--model", help="Another model fitted on a file. 另用基于文件拟合的模型")] = "application", lang: LangOption = None,
) -> None:
    """Score a file of applicants: probability, points and at most four reasons each. 为申请人批量评分：概率、分数与至多四条原因。"""
    from arrears.modelling.applications import score_file

    with terms.refusals(lang):
        _demand_model(name)
        counted = score_file(store.book_at(book), name, version, file, out)
        print(score_words.applications_line(counted, out, terms.language(lang)))


@score.command("person")
def person(
    borrower: Annotated[str, typer.Argument(help="borrower_id. 借款人编号")], book: ModelBookOption, as_of: Annotated[str, typer.Option("--as-of", help="Business date, YYYY-MM-DD. 业务日期")],
    known_at: KnownAtOption = None,
    event: Annotated[str | None, typer.Option("--event", help='What just happened, as JSON: {"kind": "payment", "loan_id": "L1", "amount_minor": 10000}. 刚发生的事')] = None,
    lang: LangOption = None,
) -> None:
    """Score one person now, and after something that just happened, with the reasons in words. 为一人即时评分并说明原因。"""
    from arrears.modelling.persons import person_lines

    with terms.refusals(lang):
        for line in person_lines(store.book_at(book), borrower, read_day(as_of), terms.known_at_of(book, known_at), event, terms.language(lang)):
            print(line)


def _samples(home, name, as_of, known_at, data, definition, target, event, time, group, exclude, snapshots, loans_most, seed):
    """The samples of the models asked for, from the file or from the book; one that cannot be made comes as its refusal."""
    from arrears.modelling.history import book_samples
    from arrears.scoring.families import named

    targets = named(name)
    if not targets:
        raise _no_model(name)
    if data is None:
        if definition or target or event or time or group or exclude:
            raise Refused("--definition, --target, --event, --time, --group and --exclude speak of a file; name it with --data", "--definition、--target、--event、--time、--group、--exclude 用于文件；请用 --data 指明")
        if as_of is None:
            raise Refused("--as-of is missing; it says up to which day the book is looked at", "缺少 --as-of；它说明账册看到哪一天")
        with terms.progress() as report:
            return book_samples(home, targets, read_day(as_of), terms.known_at_of(home.root, known_at), snapshots, loans_most, seed, report)
    if len(targets) > 1:
        raise Refused(f"{name} is a family of {len(targets)} models; name one for a file: {', '.join(one.name for one in targets)}", f"{name} 含 {len(targets)} 个模型；请指明一个：{'、'.join(one.name for one in targets)}")
    return [_file_sample(targets[0], data, definition, target, event, time, group, exclude, as_of, seed)]


def _file_sample(aim, data, definition, target, event, time, group, exclude, as_of, seed):
    from dataclasses import replace

    from arrears import strict_yaml
    from arrears.modelling.definition import definition_from
    from arrears.modelling.plain_table import drafted, read_table, sample_of

    frame = read_table(data)
    if definition is not None:
        if target or event or time or group or exclude:
            raise Refused("a definition says outcome, time and features by itself; leave --target, --event, --time, --group and --exclude out", "定义文件已写明结果、时间与特征；请勿再给 --target、--event、--time、--group、--exclude")
        try:
            said, left_out = definition_from(strict_yaml.read_text(definition), definition.name), []
        except OSError as problem:
            raise Refused(f"{definition}: cannot be read ({problem.strerror})", f"{definition}：无法读取") from None
        if said.model not in (None, aim.name):
            raise Refused(f"{definition}: it says model: {said.model}, and {aim.name} was asked for; fit {said.model}, or change the definition", f"{definition}：其中写明 model: {said.model}，与要拟合的 {aim.name} 不符；请拟合 {said.model} 或修改定义")
    elif target is None:
        raise Refused("say what is to be foretold: --target COLUMN, or a --definition", "请用 --target 列名 或 --definition 说明要预测的结果")
    else:
        said, left_out = drafted(frame, aim, target, event, time, group, tuple(exclude or ()))
        said = replace(said, seed=seed)
    return sample_of(data, frame, aim, said, left_out, None if as_of is None else read_day(as_of))


def _sample_again(home, kept, other, as_of, known_at, data, snapshots, loans_most):
    """The rows to measure a kept version on: of the file, by the definition its card kept; or of the book."""
    from arrears.modelling.definition import definition_kept
    from arrears.modelling.history import book_samples
    from arrears.modelling.plain_table import read_table, sample_of, with_formulas
    from arrears.scoring.families import TARGETS

    aim, told = TARGETS[kept.name], kept.card["definition"]
    if data is not None:
        if told is None:
            raise Refused(f"{kept.name} version {kept.version} was fitted on a book; measure it on one, without --data", f"{kept.name} 版本 {kept.version} 由账册拟合；请勿使用 --data")
        frame = read_table(data)
        sample = sample_of(data, frame, aim, definition_kept(told), [], None if as_of is None else read_day(as_of))
        return sample if other is None else with_formulas(sample, frame, definition_kept(told), other.card["formulas"])
    if told is not None:
        raise Refused(f"{kept.name} version {kept.version} was fitted on a file; name rows to measure it on with --data", f"{kept.name} 版本 {kept.version} 由文件拟合；请用 --data 指明检验数据")
    if as_of is None:
        raise Refused("--as-of is missing; it says up to which day the book is looked at", "缺少 --as-of；它说明账册看到哪一天")
    with terms.progress() as report:
        found = book_samples(home, (aim,), read_day(as_of), terms.known_at_of(home.root, known_at), snapshots, loans_most, kept.card["validation"]["seed"], report)
    if isinstance(found[0], Refused):
        raise found[0]
    return found[0]


def _demand_model(name: str) -> None:
    """Raises Refused where no single model bears the name."""
    from arrears.scoring.families import TARGETS, named

    if name in TARGETS:
        return
    if not named(name):
        raise _no_model(name)
    members = [one.name for one in named(name)]
    raise Refused(f"{name} is a family of {len(members)} models; name one of them: {', '.join(members)}", f"{name} 含 {len(members)} 个模型；请指明一个：{'、'.join(members)}")


def _no_model(name: str) -> Refused:
    from arrears.scoring.families import FAMILIES, TARGETS

    return Refused(f"there is no model {name}; there are the families {', '.join(FAMILIES)} and in them {', '.join(TARGETS)}",
                   f"没有模型 {name}；模型族有 {'、'.join(FAMILIES)}，模型有 {'、'.join(TARGETS)}")
