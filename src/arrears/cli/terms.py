"""What all commands share: their options, the language, progress, and how a refusal is said."""

import errno
import os
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from arrears import store
from arrears.days import microseconds_of, read_moment
from arrears.refusal import Refused
from arrears.strict_yaml import BadYaml

REFUSED = 2
"""Exit status where the input was refused and nothing was changed."""
DIFFERS = 1
"""Exit status of a replay that came out otherwise."""
STOPPED = 130
"""Exit status where the user stopped the run."""

BookOption = Annotated[Path, typer.Option("--book", help="Folder with loans.parquet, instalments.parquet, payments.parquet. 账册文件夹")]
LoadBookOption = Annotated[Path, typer.Option("--book", help="The book's folder. 账册文件夹")]
KeyOption = Annotated[Path | None, typer.Option("--key", help="File with the key of the pseudonyms; default BOOK.key beside the book. 假名密钥文件")]
VaultKeyOption = Annotated[Path | None, typer.Option("--vault-key", help="The vault's public key, for which personal columns are sealed; default BOOK/vault.pub. 保险库公钥文件")]
HomeOption = Annotated[Path, typer.Option("--home", envvar="ARREARS_HOME", help="Folder of the work plane of one installation. 作业平面的文件夹")]
DEFAULT_HOME = Path("home")
JsonOption = Annotated[bool, typer.Option("--json", help="Print it as JSON. 以 JSON 输出")]
AsOfOption = Annotated[str, typer.Option("--as-of", help="Business date, YYYY-MM-DD; the end of that day. 业务日期")]
KnownAtOption = Annotated[str | None, typer.Option("--known-at", help="Only rows recorded by then count, e.g. 2026-03-31T22:00:00+08:00; default now. 只计此刻前已记录的行")]
PolicyOption = Annotated[Path | None, typer.Option("--policy", help="Folder with the lender's own rules. 机构自有规则文件夹")]
StrategyOption = Annotated[Path | None, typer.Option("--strategy", help="Another strategy.yaml than the shipped one. 另用策略文件")]
LangOption = Annotated[str | None, typer.Option("--lang", help="zh or en; default from LANG. 语言")]


def known_at_of(book: Path, said: str | None) -> int:
    """The moment that is said, or the one at which all that is loaded counts."""
    return microseconds_of(read_moment(said)) if said is not None else store.read_ledger(store.book_at(book)).known_at(now())


def now() -> int:
    """This moment in microseconds; the one place that asks the clock."""
    return microseconds_of(datetime.now(UTC))


def language(lang: str | None) -> str:
    """zh or en: as said, else by the terminal's; raises Refused."""
    if lang is None:
        return "zh" if os.environ.get("LC_ALL", os.environ.get("LANG", "")).lower().startswith("zh") else "en"
    if lang not in ("zh", "en"):
        raise Refused(f"--lang {lang} is not known; write zh or en", f"--lang {lang} 不支持；请写 zh 或 en")
    return lang


@contextmanager
def refusals(lang: str | None):
    """Refused input ends with its sentence, in the user's language first, and exit status 2."""
    try:
        language(lang)
        yield
    except (Refused, BadYaml) as problem:
        en, zh = (problem.en, problem.zh) if isinstance(problem, Refused) else (str(problem), None)
        raise refused(en, zh, lang, problem.examples if isinstance(problem, Refused) else ((), ())) from None
    except OSError as problem:
        if problem.errno in (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EACCES, errno.EPERM, errno.EROFS):
            raise refused(f"{problem.filename}: cannot be read or written ({problem.strerror}); name another file, or allow it", f"{problem.filename}：无法读写；请另指定文件或开放权限", lang) from None
        if problem.errno != errno.ENAMETOOLONG:
            raise
        name = Path(str(problem.filename)).name[:40]
        raise refused(f"{name}…: the name is longer than any file's can be; check it", f"{name}…：名称超过文件名允许的长度；请检查", lang) from None
    except KeyboardInterrupt:
        print("arrears: stopped; a night goes on where it stopped when it is run again, a load starts anew", file=sys.stderr)
        print("         已停止；再次运行夜批会接着做，装载则从头开始", file=sys.stderr)
        raise typer.Exit(STOPPED) from None


def refused(en: str, zh: str | None, lang: str | None, examples: tuple = ((), ())) -> typer.Exit:
    """Says why, in the user's language first, and gives the examples in that language; what is returned is to be raised."""
    is_zh = bool(zh) and lang != "en" and (lang == "zh" or language(None) == "zh")
    first, second = (zh, en) if is_zh else (en, zh)
    print(f"arrears: {first}", file=sys.stderr)
    if second:
        print(f"         {second}", file=sys.stderr)
    for line in examples[is_zh]:
        print(f"  {line}", file=sys.stderr)
    return typer.Exit(REFUSED)


PROGRESS = "\x1eprogress\t"
"""What a line of progress begins with, where ARREARS_PROGRESS says lines: then done, of and what is being done, by tabs."""


@contextmanager
def progress(quiet: bool = False):
    """A bar on the terminal; lines for whoever runs this command as a run of the pages (ARREARS_PROGRESS); nothing where standard error is no terminal."""
    if os.environ.get("ARREARS_PROGRESS") == "lines":
        yield _said_in_lines
        return
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda text, done, of: bar.update(task, description=text, completed=done, total=of or None)


def _said_in_lines(text: str, done: int, of: int) -> None:
    print(f"{PROGRESS}{int(done or 0)}\t{int(of or 0)}\t{text}", file=sys.stderr, flush=True)


def print_summary(summary: dict, folder: Path, lang: str) -> None:
    """The night in a few lines on the terminal."""
    from arrears.nightly.summary import summary_lines

    for line in summary_lines(summary, folder, lang):
        print(line)


def policy_texts(policy: Path | None) -> dict[str, str] | None:
    """The files of a lender's own rules; None where no folder is named. Raises Refused where there is no such folder."""
    from arrears.law.packs import texts_of

    if policy is None:
        return None
    if not policy.is_dir():
        raise Refused(f"--policy {policy}: no such folder; it holds rules/*.yaml and perhaps policy.yaml",
                      f"--policy {policy}：没有此文件夹；其中应有 rules/*.yaml，也可有 policy.yaml")
    return texts_of(policy)


def strategy_text(path: Path | None) -> str | None:
    """The text of a strategy's file; None where none is named. Raises Refused or BadYaml where it cannot be read as one."""
    from arrears.strategy.reading import read_strategy

    if path is None:
        return None
    try:
        return read_strategy(path).text
    except OSError as problem:
        raise Refused(f"{path}: cannot be read ({problem.strerror})", f"{path}：无法读取") from None


def demand_home(home: Path) -> None:
    """The home is there: a mistyped name must not start a database of its own. Raises Refused."""
    if not home.is_dir():
        raise Refused(f"{home}: there is no such home; name it with --home, or make one: arrears vault init --home {home}",
                      f"{home}：没有此作业目录；请用 --home 指明，或新建：arrears vault init --home {home}")
