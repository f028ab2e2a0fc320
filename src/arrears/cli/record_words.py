"""What the commands of the record say, in Chinese and English."""

import re
import shlex
import sys
from pathlib import Path

_COLLECTED = {"night": ("nights", "夜批"), "load": ("loads", "装载"), "release_model": ("releases of models", "模型发布"), "release_strategy": ("releases of strategies", "策略发布"), "law_pack": ("law packs", "法规包")}
_ONE = {"night": "night", "load": "load", "release_model": "release of a model", "release_strategy": "release of a strategy", "law_pack": "law pack"}


def begun_lines(home: Path, origin: str, vkey: str, is_new: bool, lang: str) -> list[str]:
    """The log is there; its public key, and what to do with it."""
    if lang == "zh":
        return [f"{home}：存证“{origin}”已建立，日志为空" if is_new else f"{home}：存证“{origin}”此前已建立，未作任何更改", vkey,
                "以上为公钥，可以公开：请通过日志以外的途径（合同、函件、官网）交给审计方与见证方；他们据此核验，且只信任它。",
                f"私钥在 {home}/keys/record.key：请单独备份，切勿交出。交给审计方的是文件夹 {home}/record/log 与独立核验程序：arrears record verifier --out verify.py",
                f"接下来：arrears serve --home {_shown(home)} 或 arrears record watch --home {_shown(home)} 会每秒写入；手工：arrears record integrate --home {_shown(home)}"]
    return [f"{home}: the record “{origin}” is made; its log is empty." if is_new else f"{home}: the record “{origin}” was there already; nothing was changed.", vkey,
            "That is its public key, and no secret: give it to auditors and witnesses by another way than the log itself (a contract, a letter, your web site); they check by it, and trust nothing else.",
            f"The private key is {home}/keys/record.key: keep a copy apart, hand it to nobody. An auditor gets the folder {home}/record/log, and the verifier in one file: arrears record verifier --out verify.py",
            f"Next: arrears serve --home {_shown(home)} or arrears record watch --home {_shown(home)} integrates every second; by hand: arrears record integrate --home {_shown(home)}"]


def state_lines(found: dict, home: Path, lang: str) -> list[str]:
    """The state of the record; what is wrong comes last, each with what is still provable."""
    zh, size = lang == "zh", found["size"]
    lines = []
    if size is not None:
        lines += [f"存证“{found['origin']}”：{size:,} 条，根 {found['root']}" if zh else f"The record “{found['origin']}”: {size:,} entries, root {found['root']}"]
    lines += [f"文件夹 {found['log']}" if zh else f"Folder {found['log']}"]
    if found["waiting"]:
        lines += [f"待写入 {found['waiting']:,} 条，最早 {found['waiting_since']}" if zh else f"{found['waiting']:,} wait for it, the oldest since {found['waiting_since']}"]
    else:
        lines += ["没有待写入的内容" if zh else "Nothing waits for it."]
    for one in found["witnesses"]:
        where = one["url"] or ("以文件提交" if zh else "by files")
        if one["size"] is None:
            lines += [f"见证方 {one['name']}（{where}）：尚未联署" if zh else f"Witness {one['name']} ({where}): has not cosigned yet."]
        else:
            lines += [f"见证方 {one['name']}（{where}）：于 {one['at']} 联署 {one['size']:,} 条" if zh else f"Witness {one['name']} ({where}): cosigned {one['size']:,} entries at {one['at']}."]
    if not found["witnesses"]:
        lines += ["没有见证方：仅凭日志不能证明经营者自己没有改写；见指南 docs/guides/witness.md" if zh else
                  "No witness: against its own operator a log alone proves nothing; see the guide docs/guides/witness.md."]
    lines += [f"时间戳 {len(found['stamps'])} 个，链上锚定 {len(found['anchors'])} 个" if zh else f"{len(found['stamps'])} stamps, {len(found['anchors'])} anchors."]
    watched = found["monitor"]
    if watched["looked_at"] is None:
        lines += [f"尚无监控：请运行 arrears serve --home {_shown(home)}，或 arrears record watch --home {_shown(home)}" if zh else f"Nobody watches it yet: run arrears serve --home {_shown(home)}, or arrears record watch --home {_shown(home)}"]
    elif watched["is_silent"]:
        lines += [f"自 {watched['looked_at']} 起无人监控，而有内容待写入：请运行 arrears serve --home {_shown(home)}，或 arrears record watch --home {_shown(home)}" if zh else
                  f"Nobody has watched it since {watched['looked_at']}, and entries wait: run arrears serve --home {_shown(home)}, or arrears record watch --home {_shown(home)}"]
    elif watched["reread_at"] is None:
        lines += [f"监控：最近 {watched['looked_at']}；首轮全量复核尚未完成" if zh else f"Watched last at {watched['looked_at']}; the first reading of all tiles is under way."]
    else:
        lines += [f"监控：最近 {watched['looked_at']}；全部分块最近一次复核于 {watched['reread_at']}（共 {watched['times']:,} 轮）" if zh else
                  f"Watched last at {watched['looked_at']}; all tiles were read again by {watched['reread_at']} ({watched['times']:,} times so far)."]
    for one in found["alerts"]:
        lines += [("异常：" if zh else "WRONG: ") + with_home(one["zh" if zh else "en"], home)]
        if one["provable_zh" if zh else "provable_en"]:
            lines += [("  仍可证明：" if zh else "  Still provable: ") + one["provable_zh" if zh else "provable_en"]]
    if not found["alerts"] and not watched["is_silent"]:
        lines += ["未发现异常" if zh else "Nothing is wrong that is known."]
    elif not found["alerts"]:
        lines += ["到那时为止的检查未见异常；但现在无人写入，也无人检查" if zh else "Nothing wrong was found until then; now nobody takes in what waits, and nobody looks."]
    return lines


def with_home(text: str, home: Path) -> str:
    """The text, in which every command that it says to run names the home, so that it can be run as it stands."""
    return re.sub(r"arrears record (?:mend|integrate|resume|checkpoint|init)\b(?! --home)", lambda found: f"{found[0]} --home {_shown(home)}", text)


def alert_lines(raised, cleared, lang: str, home: Path) -> list[str]:
    """Findings as they come and go."""
    if lang == "zh":
        return [f"arrears record：异常：{with_home(one.zh, home)}\n  仍可证明：{one.provable_zh}" for one in raised] + [f"arrears record：已恢复：{one.zh}" for one in cleared]
    return [f"arrears record: WRONG: {with_home(one.en, home)}\n  Still provable: {one.provable_en}" for one in raised] + [f"arrears record: over: {one.en}" for one in cleared]


def integrated_lines(told: dict, lang: str) -> list[str]:
    """What a run took in, and what the witnesses said."""
    zh = lang == "zh"
    lines = [f"已写入 {told['placed']:,} 条；日志现有 {told['size']:,} 条，均在已签署的检查点之下" if zh else f"{told['placed']:,} entries were taken in; the log has {told['size']:,}, all under a signed checkpoint."]
    if told["replayed"]:
        lines += [f"另有 {told['replayed']:,} 条此前已排定次序、日志文件缺少，已补写，根不变" if zh else f"{told['replayed']:,} more had their places before and were missing from the files; they are written again, with the same roots."]
    for one in told["witnesses"]:
        lines += [f"见证方 {one['name']}：{one['zh']}" if zh else f"Witness {one['name']}: {one['en']}"]
    return lines


def collected_lines(code: str, counts: dict[str, int], lang: str) -> list[str]:
    """How many happenings of a book came into the record."""
    zh = lang == "zh"
    if not counts:
        return [f"{code}：账册中的事项此前均已写入存证，未作任何更改" if zh else f"{code}: the record holds all that the book tells; nothing was changed"]
    said = [f"{_COLLECTED[kind][1]} {count:,}" if zh else f"{count:,} {_ONE[kind] if count == 1 else _COLLECTED[kind][0]}" for kind, count in counts.items()]
    return [f"{code}：写入存证：{'，'.join(said)}" if zh else f"{code}: into the record: {', '.join(said)}"]


def cosigned_lines(signed, lang: str) -> list[str]:
    """A checkpoint with a witness's lines on it."""
    names = sorted({line.split(" ")[1] for line in signed.note.partition("\n\n")[2].splitlines()} - {signed.origin})
    if lang == "zh":
        return [f"{signed.size:,} 条的检查点现有联署：{'、'.join(names)}"]
    return [f"The checkpoint of {signed.size:,} entries is cosigned by: {', '.join(names)}"]


def proven_lines(path: Path, bundle: dict, vkey: str, index: int, is_opened: bool, lang: str) -> list[str]:
    """The bundle, what it shows, and how a stranger checks it."""
    names = sorted({line.split(" ")[1] for line in bundle["proof"].rpartition("\n\n")[2].splitlines()} - {vkey.partition("+")[0]})
    run = f"python3 verify.py bundle {shlex.quote(str(path))} --key {vkey}"
    if lang == "zh":
        lines = [f"{path}：日志第 {index} 条的证明包，只打开这一条" + ("及所指定的保留字段" if is_opened else "") + "；收到者可以阅读其内容，请只交给有权知悉的人",
                 f"联署该检查点的见证方：{'、'.join(names)}" if names else "该检查点尚无见证方联署：只有日志自身的签名，不能防经营者自己",
                 f"对方核验（verify.py 由 arrears record verifier --out verify.py 输出，需 cryptography：pip install cryptography；公钥须另行取得）：{run}"]
        return lines + ([] if not names else ["并加上 --witness 见证方公钥，以要求其联署"])
    lines = [f"{path}: the bundle of entry {index} of the log; it opens that one" + (" and the fields named" if is_opened else "") + ", and whoever has it can read it: give it only to those who may know",
             f"Witnesses that cosigned the checkpoint: {', '.join(names)}" if names else "No witness has cosigned this checkpoint: it bears the log's own signature alone, which proves nothing against its operator",
             f"Who gets it checks it with (verify.py comes from arrears record verifier --out verify.py, and needs cryptography: pip install cryptography; the key they should have from elsewhere): {run}"]
    return lines + ([] if not names else ["and with --witness and the witness's key, to demand its cosignature"])


def program_lines(out: Path, is_witness: bool, lang: str) -> list[str]:
    """A program written out, and how it is run."""
    name = shlex.quote(str(out))
    if is_witness:
        run = f"python3 {name} init --name partner.example/witness --state DIR"
        return [f"{out}：见证程序，单文件，只需 Python 3.11 与 cryptography；开始：{run}" if lang == "zh" else f"{out}: the witness in one file; it needs Python 3.11 and cryptography alone. Begin with: {run}"]
    run = f"python3 {name} log FOLDER --key KEY"
    return [f"{out}：独立核验程序，单文件，只需 Python 3.9 以上与 cryptography，不含写入方的代码；用法：{run}，或 bundle 文件" if lang == "zh" else
            f"{out}: the verifier in one file; it needs Python 3.9 or newer and cryptography alone, and shares no code with what writes the log. Run: {run}, or bundle FILE"]


def mended_lines(done, kept: Path | None, lang: str) -> list[str]:
    """What was written anew, and where the damaged files lie."""
    zh = lang == "zh"
    if not done.files:
        return [f"日志 {done.checkpoint.size:,} 条均完好，未作任何更改" if zh else f"The log's {done.checkpoint.size:,} entries are whole; nothing was changed."]
    listed = ("、" if zh else ", ").join(done.files[:5]) + (" …" if len(done.files) > 5 else "")
    lines = [f"已重写 {len(done.files)} 个文件：{listed}；{done.checkpoint.size:,} 条均与已签署的根一致" if zh else
             f"{len(done.files)} files were written anew: {listed}. All {done.checkpoint.size:,} entries lead to the root that was signed."]
    if kept is not None:
        lines += [f"受损的原文件保留在 {kept}，请先查明原因再删除" if zh else f"The damaged ones are kept in {kept}; find out what damaged them before you remove it."]
    return lines


def resumed_lines(done, lang: str) -> list[str]:
    """What a restored backup lost, and that the record goes on."""
    if lang == "zh":
        return [f"日志中有 {done.lost:,} 条的内容随较新的数据库丢失：其位置与承诺值保留，缺口已记为一条存证", f"另有 {done.found:,} 条在现有数据库中找到；日志现有 {done.integrated.size:,} 条"]
    return [f"The content of {done.lost:,} entries is lost with the newer database: their places and commitments stay, and an entry says so.", f"{done.found:,} were found here all the same; the log has {done.integrated.size:,} entries."]


def rotated_lines(vkey: str, size: int, lang: str) -> list[str]:
    """A new key signs."""
    if lang == "zh":
        return [vkey, f"自第 {size:,} 条起由以上新密钥签名；新旧密钥已共同签署此次更换，记于日志的 keys 文件。审计方仍凭首个公钥核验；请告知见证方：", "  python3 witness.py trust --rotation FOLDER/keys"]
    return [vkey, f"From {size:,} entries on this new key signs; the old one and it have both signed that, in the log's file keys. Auditors go on checking by the first key. Tell the witnesses:", "  python3 witness.py trust --rotation FOLDER/keys"]


def anchored_lines(path: Path, contract: str, lang: str) -> list[str]:
    """An anchor, and where an auditor finds it."""
    return [f"{path}：最新检查点已锚定，合约 {contract}" if lang == "zh" else f"{path}: the newest checkpoint is anchored by the contract {contract}"]


def demo_lines(lang: str, judged: str, proven: str, vkey: str, folder: Path, verifier: Path, bundle: Path) -> list[str]:
    """What the self-contained verifier said of the demo's log and of one bundle."""
    zh = lang == "zh"
    run = f"{shlex.quote(interpreter(sys.executable, Path.cwd()))} {_shown(verifier)} log {_shown(folder)} --key {shlex.quote(vkey)}"
    return [f"存证：{folder}，公钥 {vkey}" if zh else f"The record: {folder}, its public key {vkey}", *judged.splitlines(), f"{bundle}：" if zh else f"{bundle}:", *proven.splitlines(),
            f"自己试试：改动 {folder} 中任一字节，再运行 {run}" if zh else f"Try it: change any byte in {folder}, then run {run}"]


def interpreter(executable: str, here: Path) -> str:
    """The interpreter as it is written in the folder: relative where it lies under it. A link, as in an environment of its own, is not followed."""
    path = Path(executable)
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _shown(home: Path) -> str:
    return shlex.quote(str(home))
