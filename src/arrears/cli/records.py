"""Commands of the record: init, status, integrate, collect, checkpoint, prove, verify; watch, witness, verifier; stamp, anchor; key, mend, resume."""

import json
import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from arrears.cli import record_words, terms, working
from arrears.cli.terms import DEFAULT_HOME, DIFFERS, HomeOption, JsonOption, LangOption
from arrears.days import read_day
from arrears.record.places import places_of
from arrears.refusal import Refused

record = typer.Typer(no_args_is_help=True, help="The tamper-evident record: keep it, prove an entry, check it, have it witnessed. 防篡改存证：写入、出具证明、核验、见证。")
key = typer.Typer(no_args_is_help=True, help="The key that signs the record. 存证的签名密钥。")
record.add_typer(key, name="key")
_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}

LenderOption = Annotated[str | None, typer.Option("--lender", help="The lender's code; may be left out where there is one. 机构代码")]
AsOption = Annotated[str | None, typer.Option("--as", help="The account that asks; default the program itself. 操作账号，默认系统")]
BookOption = Annotated[Path | None, typer.Option("--book", help="The book's folder. 账册文件夹")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, in a few words; kept in the log. 理由")]


@record.command("init")
def init(
    origin: Annotated[str, typer.Option("--origin", help="The record's name, best within a domain of your own, such as bank.example/record; it never changes. 存证名称，建议用自有域名")],
    home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False, lang: LangOption = None,
) -> None:
    """Make the record's key and its empty log; again changes nothing. 建立存证日志与密钥。"""
    from arrears.cli.record_keeping import begin

    with terms.refusals(lang):
        terms.demand_home(home)
        vkey, is_new = begin(home, origin, terms.now())
        _tell({"origin": origin, "key": vkey, "log": str(places_of(home).log), "is_new": is_new}, record_words.begun_lines(home, origin, vkey, is_new, terms.language(lang)), as_json)


@record.command("status")
def status(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False, lang: LangOption = None) -> None:
    """Say how large the record is, what waits for it, who witnessed it, and what is wrong; exit status 1 where something is. 存证状态；有问题时退出码为 1。"""
    from arrears.cli.record_keeping import state_of

    with terms.refusals(lang), working.database(home):
        from arrears.work.recording import backlog

        found = state_of(home, backlog)
        _tell(found, record_words.state_lines(found, home, terms.language(lang)), as_json)
    if found["alerts"]:
        raise typer.Exit(DIFFERS)


@record.command("integrate")
def integrate(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False, lang: LangOption = None) -> None:
    """Take what waits into the log, sign a checkpoint, show it to the witnesses. 将待写入的内容写入日志，签署检查点并提交见证。"""
    from arrears.cli.record_keeping import integrated, looked_after, witnessed

    with terms.refusals(lang), working.database(home):
        with terms.progress(quiet=as_json) as bar:
            done = integrated(home, terms.now(), lambda size: bar("record", size, None))
        seen = witnessed(home, terms.now())
        looked_after(home, seen, terms.now())
        told = {"placed": done.placed, "replayed": done.replayed, "size": done.size, "witnesses": [{"name": one.name, "is_done": one.is_done, "en": one.en, "zh": one.zh} for one in seen]}
        _tell(told, record_words.integrated_lines(told, terms.language(lang)), as_json)
    if any(one.is_fork for one in seen):
        raise typer.Exit(DIFFERS)


@record.command("collect")
def collect(book: Annotated[Path, typer.Option("--book", help="The book's folder. 账册文件夹")], home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False, lang: LangOption = None) -> None:
    """Put a book's nights, loads, releases and law packs into the record, each once; arrears intake does it too. 将账册的夜批、装载、发布与法规包写入存证。"""
    from arrears.cli.record_keeping import collected

    with terms.refusals(lang), working.database(home):
        code, counts = collected(book, terms.now())
        _tell({"lender": code, "counts": counts}, record_words.collected_lines(code, counts, terms.language(lang)), as_json)


@record.command("checkpoint")
def checkpoint(
    home: HomeOption = DEFAULT_HOME,
    add: Annotated[Path | None, typer.Option("--add", help="File with a witness's signature lines for a checkpoint. 见证方签名行的文件")] = None,
    lang: LangOption = None,
) -> None:
    """Print the newest checkpoint as it is signed; or add a witness's lines that came as a file. 显示最新检查点；或加入见证方签名。"""
    from arrears.cli.record_keeping import cosigned, newest

    with terms.refusals(lang):
        terms.demand_home(home)
        if add is None:
            print(newest(home).note, end="")
            return
        signed = cosigned(home, add, terms.now())
        for text in record_words.cosigned_lines(signed, terms.language(lang)):
            print(text)


@record.command("prove")
def prove(
    entry: Annotated[str | None, typer.Argument(help="Number or id of an Entry of the log of actions. 操作日志的编号")] = None,
    night: Annotated[str | None, typer.Option("--night", help="A night, YYYY-MM-DD; with --loan one decision of it. 夜批日期")] = None,
    loan: Annotated[str | None, typer.Option("--loan", help="loan_id of the decision to open. 贷款编号")] = None,
    payment: Annotated[str | None, typer.Option("--payment", help="payment_id of a payment that was applied. 还款编号")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Any other happening, as arrears record collect names it. 其他事项的来源名")] = None,
    index: Annotated[int | None, typer.Option("--index", help="Place in the log, counted from 0, as an auditor picks it. 日志中的序号，自 0 起", min=0)] = None,
    book: BookOption = None,
    opens: Annotated[list[str] | None, typer.Option("--open", help="NAME=FILE: open a withheld field too, whose value the file holds; may be repeated. 一并打开保留字段")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File for the bundle; default proof-ENTRY.json here. 证明包文件")] = None,
    home: HomeOption = DEFAULT_HOME, lender: LenderOption = None, account: AsOption = None, lang: LangOption = None,
) -> None:
    """Write the bundle that opens one entry to a stranger: content, proof, checkpoint, cosignatures; say how to check it. 出具一条存证的证明包。"""
    from arrears.cli import record_proofs

    with terms.refusals(lang):
        if sum(one is not None for one in (entry, night, payment, source, index)) != 1:
            raise Refused("say one thing to prove: ENTRY, --night DATE (with --loan ID and --book), --payment ID, --source NAME or --index N", "请指明一项：编号、--night 日期（配合 --loan 与 --book）、--payment 编号、--source 名称或 --index 序号")
        if (loan is not None and night is None) or (night is not None and book is None):
            raise Refused("--loan goes with --night DATE, and a night with its --book", "--loan 须与 --night 日期 同用，夜批须指明 --book")
        values = record_proofs.values_of(opens or [])
        day = read_day(night, "--night") if night is not None else None
        with working.database(home):
            actor = record_proofs.asking(account, lender, terms.now())
            found, row = record_proofs.leaf_and_row(actor, entry=entry, day=day, loan=loan, payment=payment, source=source, index=index, book=book, values=values)
            bundle = record_proofs.bundle_of(home, found, row)
        path = out or Path(record_proofs.file_name(entry, night, loan, payment, source, None if index is None else f"index-{index}") + ".json")
        record_proofs.write(path, bundle)
        for text in record_words.proven_lines(path, bundle, record_proofs.key_of(home), found.index, bool(values), terms.language(lang)):
            print(text)


@record.command("verify", context_settings=_PASSED_ON, add_help_option=False)
def verify(context: typer.Context) -> None:
    """Check a whole log or a bundle with the same program that auditors get: verify log FOLDER --key KEY, verify bundle FILE --key KEY. 核验日志或证明包。"""
    from arrears.record.verify import main

    raise typer.Exit(main(context.args))


@record.command("witness", context_settings=_PASSED_ON, add_help_option=False)
def witness(context: typer.Context) -> None:
    """Be a witness of somebody's record: init, trust, serve, cosign, show, status. 作为见证方运行。"""
    from arrears.record.witness import main

    raise typer.Exit(main(context.args))


@record.command("verifier")
def verifier(
    out: Annotated[Path, typer.Option("--out", help="New file for it. 新文件")],
    is_witness: Annotated[bool, typer.Option("--witness", help="The witness's program in its place. 改为输出见证程序")] = False,
    lang: LangOption = None,
) -> None:
    """Write the one file with which an auditor checks everything without this program; or the one a witness runs. 输出独立核验程序，供审计方使用。"""
    from arrears.cli.record_keeping import copy_of_program

    with terms.refusals(lang):
        copy_of_program("witness.py" if is_witness else "verify.py", out)
        for text in record_words.program_lines(out, is_witness, terms.language(lang)):
            print(text)


@record.command("watch")
def watch(
    home: HomeOption = DEFAULT_HOME,
    beside: Annotated[int | None, typer.Option("--beside", hidden=True, help="End when this process, the server, has ended. 随该进程结束")] = None,
    lang: LangOption = None,
) -> None:
    """Integrate every second, ask the witnesses, read the tiles again; until stopped. 持续写入、提交见证并复核分块，直至停止。"""
    from arrears.cli.record_watch import run

    with terms.refusals(lang), working.database(home):
        run(home, terms.language(lang), beside)


@record.command("stamp")
def stamp(
    home: HomeOption = DEFAULT_HOME,
    url: Annotated[str | None, typer.Option("--url", help="Address of the time-stamping authority (RFC 3161); default all of record.stamps in settings.yaml. 时间戳服务地址")] = None,
    certificate: Annotated[Path | None, typer.Option("--certificate", help="PEM file with the certificate that is trusted for it. 受信证书")] = None,
    lang: LangOption = None,
) -> None:
    """Have the newest checkpoint stamped by a time-stamping authority. 为最新检查点加盖可信时间戳。"""
    from arrears.cli.record_keeping import stamped

    with terms.refusals(lang):
        terms.demand_home(home)
        for path in stamped(home, url, certificate, terms.now()):
            print(f"{path}：最新检查点已加盖时间戳" if terms.language(lang) == "zh" else f"{path}: the newest checkpoint is stamped")


@record.command("anchor")
def anchor(
    url: Annotated[str, typer.Option("--url", help="Address of an EVM node. EVM 节点地址")],
    account_key: Annotated[Path, typer.Option("--account-key", help="File with the private key of the account that pays, 64 hex digits, readable by its owner alone. 付费账户私钥文件")],
    contract: Annotated[str | None, typer.Option("--contract", help="Address of the anchor contract. 锚定合约地址")] = None,
    deploys: Annotated[bool, typer.Option("--deploy", help="Put a new contract onto the chain first, and print its address. 先部署新合约")] = False,
    home: HomeOption = DEFAULT_HOME, lang: LangOption = None,
) -> None:
    """Anchor the newest checkpoint in an EVM contract; an extra, which needs pip install 'arrears\\[evm]'. 将最新检查点锚定到 EVM 合约（可选组件）。"""
    from arrears.cli.record_keeping import anchored

    with terms.refusals(lang):
        terms.demand_home(home)
        if (contract is None) != deploys:
            raise Refused("name the contract with --contract, or put a new one onto the chain with --deploy", "请用 --contract 指明合约，或用 --deploy 部署新合约")
        path, contract = anchored(home, url, contract, account_key)
        for text in record_words.anchored_lines(path, contract, terms.language(lang)):
            print(text)


@record.command("mend")
def mend(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False, lang: LangOption = None) -> None:
    """Write damaged files of the log anew from the database, where it leads to the signed root; what was damaged is kept. 用数据库修复受损的日志文件。"""
    from arrears.cli.record_keeping import mended

    with terms.refusals(lang), working.database(home):
        done, kept, left = mended(home, terms.now())
        told = {"size": done.checkpoint.size, "files": list(done.files), "kept": str(kept) if kept else None, "left": [one.key for one in left]}
        _tell(told, record_words.mended_lines(done, kept, terms.language(lang)) + record_words.alert_lines(left, (), terms.language(lang), home), as_json)


@record.command("resume")
def resume(reason: ReasonOption, home: HomeOption = DEFAULT_HOME, lender: LenderOption = None, lang: LangOption = None) -> None:
    """After an older backup was put back: put down what is lost, and go on. 恢复旧备份后：记下所丢失的内容并继续。"""
    from arrears.cli.record_keeping import resumed

    with terms.refusals(lang), working.database(home):
        done = resumed(home, lender, reason, terms.now())
        for text in record_words.resumed_lines(done, terms.language(lang)):
            print(text)


@key.command("show")
def show(home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """Print the record's public keys, the first one first: what auditors are given. 显示公钥，供审计方使用。"""
    from arrears.cli.record_keeping import public_keys

    with terms.refusals(lang):
        terms.demand_home(home)
        for vkey in public_keys(home):
            print(vkey)


@key.command("rotate")
def rotate(home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """From now on a new key signs; the old one and the new one both sign that. 轮换签名密钥。"""
    from arrears.cli.record_keeping import rotated

    with terms.refusals(lang):
        terms.demand_home(home)
        vkey, size = rotated(home, terms.now())
        for text in record_words.rotated_lines(vkey, size, terms.language(lang)):
            print(text)


def _tell(told: dict, lines: list[str], as_json: bool) -> None:
    if as_json:
        print(json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True))
        return
    for text in lines:
        print(text)
    sys.stdout.flush()


def entry_of(text: str) -> UUID | int:
    """The number or id that was written. Raises Refused."""
    try:
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else UUID(text)
    except ValueError:
        raise Refused(f"{text}: no number and no id of an Entry; auditors and compliance officers see the numbers in the desk (arrears serve), on the page Log of actions (/entries)", f"{text}：既不是编号也不是标识；编号见工作台（arrears serve）的“操作日志”页（/entries），审计员与合规专员可见") from None
