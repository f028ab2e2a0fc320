"""What the monitor says, in English and Chinese: what is wrong, where, what to do, and what can still be proven."""

from arrears.days import moment_of
from arrears.record.rereading import Damage
from arrears.refusal import Refused

_MEND_EN, _MEND_ZH = "write it anew from the database: arrears record mend", "用数据库重写：arrears record mend"
_WHAT = {
    "missing": ("is missing", "缺失"), "short": ("is cut or too long", "长度不对（被截断或加长）"), "changed": ("was changed", "内容被改动"), "unreadable": ("cannot be read", "无法读取"),
}
_CHECKPOINT = {
    "missing": ("checkpoint: the newest checkpoint is missing from the log's folder, though there was one of {was:,} entries; put it back from a copy, or {mend_en}",
                "checkpoint：日志文件夹中缺少最新检查点（此前为 {was:,} 条）；请用副本恢复，或{mend_zh}"),
    "unreadable": ("checkpoint: cannot be read as text; put it back from a copy, or {mend_en}", "checkpoint：无法读取；请用副本恢复，或{mend_zh}"),
    "unsigned": ("checkpoint: is no checkpoint signed by this log's key; somebody changed it, or the keys file: put it back from a copy, or {mend_en}",
                 "checkpoint：不是由本日志密钥签名的检查点；该文件或 keys 文件被改动：请用副本恢复，或{mend_zh}"),
    "older": ("checkpoint: covers {now:,} entries, though one of {was:,} was signed before: the log was put back to an older state. Put the newer log back; witnesses refuse what does not continue theirs",
              "checkpoint：仅含 {now:,} 条，而此前已签署 {was:,} 条：日志被恢复到较早状态。请恢复较新的日志；见证方会拒绝不连续的检查点"),
    "other": ("checkpoint: of {now:,} entries has another root than the one signed before of as many: the log was rewritten, or there are two. Compare it with what the witnesses hold",
              "checkpoint：{now:,} 条的根与此前签署的不同：日志被改写，或存在两份日志。请与见证方所存比对"),
    "rewritten": ("checkpoint: of {now:,} entries does not continue the one of {was:,} that was signed before: entries below {was:,} are others. Compare it with what the witnesses hold",
                  "checkpoint：{now:,} 条的检查点与此前 {was:,} 条的不连续：前 {was:,} 条被替换。请与见证方所存比对"),
    "root": ("checkpoint: its root of {now:,} entries is not that of the tiles, which agree among each other", "checkpoint：{now:,} 条的根与分块文件不符，而分块文件彼此一致"),
}
_HISTORY = {
    "missing": ("checkpoints: the history of checkpoints is missing; put it back from a copy, or {mend_en}", "checkpoints：检查点历史缺失；请用副本恢复，或{mend_zh}"),
    "line": ("checkpoints: the line after the checkpoint of {last:,} entries is no whole checkpoint; put the file back from a copy, or {mend_en}", "checkpoints：{last:,} 条之后的一行不是完整检查点；请用副本恢复，或{mend_zh}"),
    "unsigned": ("checkpoints: the checkpoint of {size:,} entries is not signed by the key that was the log's then; it was changed: put the file back from a copy, or {mend_en}",
                 "checkpoints：{size:,} 条的检查点不是由当时的日志密钥签名；内容被改动：请用副本恢复，或{mend_zh}"),
    "falls": ("checkpoints: a checkpoint of {size:,} entries stands behind one of {last:,}; a log never shrinks: lines were put in or exchanged", "checkpoints：{size:,} 条的检查点排在 {last:,} 条之后；日志不会变短：有行被插入或调换"),
    "root": ("checkpoints: the root signed for {size:,} entries is not that of the tiles: either the tiles or that line is not what was signed", "checkpoints：为 {size:,} 条签署的根与分块文件不符：分块或该行并非当时所签"),
    "short": ("checkpoints: ends at {last:,} entries, though the newest checkpoint covers {size:,}; lines were cut off: put the file back from a copy, or {mend_en}",
              "checkpoints：止于 {last:,} 条，而最新检查点为 {size:,} 条；末尾被截断：请用副本恢复，或{mend_zh}"),
}


def damage_words(damage: Damage, is_either: bool = False) -> tuple[str, str, str, str]:
    """A damaged file, and what can be proven without it. is_either: of its entries neither the entries' file nor that of their hashes is whole."""
    what_en, what_zh = _WHAT[damage.what]
    last, at = damage.stop - 1, ", ".join(f"{place:,}" for place in damage.at)
    if damage.level < 0:
        en, zh = f"{damage.file} {what_en}" + (f" at entry {at}" if at else ""), f"{damage.file} {what_zh}" + (f"，位置：第 {at} 条" if at else "")
        provable = (f"Every entry can still be proven by its bundle, those from {damage.first:,} to {last:,} too: their hashes are whole. Only who has nothing but the log's files cannot recompute these until it is mended.",
                    f"所有条目仍可用证明包证明，包括第 {damage.first:,} 至 {last:,} 条（其哈希完好）；仅凭日志文件者在修复前无法重算这些条目。")
    else:
        where_en, where_zh = (f" at entry {at}", f"，位置：第 {at} 条") if at and damage.level == 0 else (f" at hash {at}", f"，位置：第 {at} 个哈希") if at else ("", "")
        en, zh = f"{damage.file} {what_en}{where_en}", f"{damage.file} {what_zh}{where_zh}"
        provable = (f"Entries outside {damage.first:,} to {last:,} can be proven as before; those within again as soon as it is mended: the entries themselves are not in this file. Bundles that were given out stay valid.",
                    f"第 {damage.first:,} 至 {last:,} 条以外的条目照常可证；其内的条目修复后即可再证：条目本身不在该文件中。已交出的证明包仍然有效。")
    if is_either:
        provable = (f"Entries {damage.first:,} to {last:,} cannot be proven from the log's files until these are mended from the database: neither they nor their hashes are whole. Entries outside can be proven as before; bundles that were given out stay valid.",
                    f"第 {damage.first:,} 至 {last:,} 条的条目与哈希均不完好：在用数据库修复之前，无法凭日志文件证明。其余条目照常可证；已交出的证明包仍然有效。")
    return f"{en}; {_MEND_EN}", f"{zh}；{_MEND_ZH}", *provable


def stray_words(path: str) -> tuple[str, str, str, str]:
    """Something in the log's folder that is no part of the log."""
    return (f"{path}: is not part of the log, though it lies in its folder: whoever checks the folder finds it false for that; find out who put it there, and move it away",
            f"{path}：不属于日志，却在日志文件夹中：核验该文件夹者会因此判为不实；请查明何人放入，并将其移走",
            "The log itself is untouched by it: every entry can be proven as before.", "日志本身不受影响：所有条目照常可证。")


def checkpoint_words(what: str, was: int, now: int) -> tuple[str, str, str, str]:
    """The newest checkpoint is not what it should be. was: entries of the one seen before; now: of this one."""
    en, zh = (text.format(was=was, now=now, mend_en=_MEND_EN, mend_zh=_MEND_ZH) for text in _CHECKPOINT[what])
    if what in ("older", "other", "rewritten"):
        return en, zh, "What witnesses cosigned and what stands in bundles already given out stays valid and is the evidence of what was; trust nothing newer of this log until it is explained.", \
            "见证方已联署的内容与已交出的证明包仍然有效，并可证明原状；查明之前，勿信本日志的更新内容。"
    return en, zh, "The history still holds every earlier checkpoint, and by those all entries up to the last of them can be proven; bundles given out stay valid.", \
        "检查点历史仍保存此前各检查点，据此其前所有条目均可证明；已交出的证明包仍然有效。"


def keys_words(vkey: str) -> tuple[str, str, str, str]:
    """The file of the log's keys is not what it was. vkey: of the first key that was seen."""
    return (f"keys: the file that names the log's keys is missing, changed, or begins with another key than {vkey or 'the one it was made with'}; put it back from a copy: auditors hold the first key",
            f"keys：记载日志公钥的文件缺失、被改动，或首个公钥不是 {vkey or '建立时的公钥'}；请用副本恢复：审计方持有首个公钥",
            "Whoever has the log's key from before can check everything as before; nothing newer can be trusted by this file.", "持有原公钥者可照常核验；不可凭此文件信任更新的内容。")


def history_words(what: str, size: int, last: int) -> tuple[str, str, str, str]:
    """The history of checkpoints is not what it should be. size: entries of the checkpoint it is about; last: of the one before it."""
    en, zh = (text.format(size=size, last=last, mend_en=_MEND_EN, mend_zh=_MEND_ZH) for text in _HISTORY[what])
    return en, zh, "Every entry can be proven against the newest checkpoint as before; only that the log grew without being rewritten cannot be shown across this place.", \
        "所有条目仍可对最新检查点证明；但在此处无法证明日志只增不改。"


def backlog_words(count: int, since: int, minutes: int) -> tuple[str, str, str, str]:
    """What was done is not in the log for longer than it should be."""
    at = f"{moment_of(since):%Y-%m-%d %H:%M:%S} UTC"
    return (f"backlog: {count:,} entries are not in the log yet, the oldest since {at}, longer than {minutes} minutes; run arrears record integrate, and see that arrears serve or arrears record watch runs",
            f"积压：{count:,} 条尚未写入日志，最早 {at}，已超过 {minutes} 分钟；请运行 arrears record integrate，并确认 arrears serve 或 arrears record watch 在运行",
            "What is in the log can be proven as before; what waits is safe in the database, and is not yet evidence for anybody outside.", "已写入日志的照常可证；等待中的内容在数据库中是安全的，但尚不能对外作为证据。")


def older_words(size: int, placed: int) -> tuple[str, str, str, str]:
    """The database knows fewer entries than the log has: an older backup of it was put back."""
    return (f"the log has {size:,} entries and the database knows {placed:,}: it is older than the log, and nothing is taken in; put the newer database back, or, where there is none, run arrears record resume",
            f"日志有 {size:,} 条，而数据库仅知 {placed:,} 条：数据库比日志旧，不再写入；请恢复较新的数据库，确无则运行 arrears record resume",
            f"The log's files are whole as before; the content of {size - placed:,} entries, from number {placed:,} on, can be opened only by bundles given out already.",
            f"日志文件照常可核；自第 {placed:,} 条起的 {size - placed:,} 条内容，仅能凭已交出的证明包打开。")


def key_words(problem: Refused) -> tuple[str, str, str, str]:
    """The log's signing key is gone, in the words of whoever asked for it."""
    return problem.en, problem.zh, "Everything up to the newest checkpoint can be proven as before; what is done meanwhile is safe in the database.", "最新检查点及其之前的内容照常可证；其间所做的内容在数据库中是安全的。"


def clock_words(now: int, seen: int, witness: str = "") -> tuple[str, str, str, str]:
    """The clock is behind a moment that was seen already, by the monitor or by a witness."""
    here, there = (f"{moment_of(at):%Y-%m-%d %H:%M:%S} UTC" for at in (now, seen))
    by_en, by_zh = (f"the witness {witness} signed at", f"见证方 {witness} 签署于") if witness else ("it was already", "此前已到")
    return (f"clock: this machine says {here}, but {by_en} {there}; set the clocks right (NTP). Order in the log does not depend on them",
            f"时钟：本机为 {here}，而{by_zh} {there}；请校准时钟（NTP）。日志中的先后次序不依赖时钟",
            "The order of entries and every proof stand; the moments that entries of this time say are only as good as the clock was.", "条目次序与全部证明不受影响；这段时间条目所写的时刻以当时时钟为准，未必可靠。")


def silent_words(name: str, size: int, newest: int, at: int | None) -> tuple[str, str, str, str]:
    """A witness has not cosigned for longer than it should."""
    when_en, when_zh = (f"last at {moment_of(at):%Y-%m-%d %H:%M:%S} UTC, {size:,} of {newest:,} entries", f"最近一次为 {moment_of(at):%Y-%m-%d %H:%M:%S} UTC，{newest:,} 条中的 {size:,} 条") if at is not None else ("never yet", "至今没有")
    return (f"witness {name}: has not cosigned for too long ({when_en}); see that it runs and can be reached, or bring it the log's folder and add its lines: arrears record checkpoint --add FILE",
            f"见证方 {name}：过久没有联署（{when_zh}）；请确认其在运行且可达，或把日志文件夹带给它，再加入其签名行：arrears record checkpoint --add 文件",
            f"Up to {size:,} entries the log is witnessed as before; what came after is proven by the log's own key alone.", f"前 {size:,} 条仍有见证；其后的内容仅有日志自身密钥的签名。")


def halted_words(en: str, zh: str) -> tuple[str, str, str, str]:
    """Nothing is integrated, for a reason that stays: such as a backup that was put back, a missing key, a damaged edge."""
    return (f"integration has halted: {en}", f"写入已停止：{zh}", "What is in the log can be proven as before; what is done meanwhile is safe in the database, and comes in when this is mended.", "已写入日志的照常可证；其间所做的内容在数据库中是安全的，修复后会写入。")


def fork_words(name: str, en: str, zh: str) -> tuple[str, str, str, str]:
    """A witness holds another log than this one, in its own words."""
    return (f"witness {name}: refused, it holds another history than this log's: {en}", f"见证方 {name}：拒绝联署，其所存历史与本日志不同：{zh}",
            "What this witness cosigned stays valid and is the evidence of what was; find out which backup was restored or who rewrote the log before anything else.",
            "该见证方已联署的内容仍然有效，可证明原状；请先查明恢复了哪个备份或何人改写了日志。")
