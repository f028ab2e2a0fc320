"""What a load did, in lines for a terminal, in Chinese or English."""

from arrears.ingest.contents import MODES_ZH, doubt_lines, sum_lines
from arrears.ingest.loads import Loaded, records_taken
from arrears.ingest.quarantine import first_faults
from arrears.tables import FACTS
from arrears.tables.names import said

_WHOLE = {"instalments": "loans", "plans": "plans"}


def load_lines(loaded: Loaded, book: str, language: str, *, dry_run: bool = False) -> list[str]:
    """Read, loaded, left out, quarantined; what vanished; personal columns; and the command that comes next."""
    zh, load = language == "zh", loaded.load
    if not loaded.made_now and not dry_run:
        return [
            f"这些文件已在第 {load['id']} 次装载（{load['at'][:16]}）中按同一映射装入；未作任何更改" if zh else
            f"The same files under the same mapping are load {load['id']} ({load['at'][:16]}) already; nothing was changed."
        ]
    if dry_run:
        lines = ["试运行：未写入任何内容" if zh else "Tried only: nothing was written."]
    else:
        corrects = None if load["corrects"] is None else ", ".join(map(str, load["corrects"]))
        again = "" if corrects is None else f"第 {corrects} 次装载的更正记录，" if zh else f"corrected records of load {corrects}, "
        lines = [f"第 {load['id']} 次装载：{again}{load['mapping']}（{MODES_ZH[load['mode']]}）" if zh
                 else f"Load {load['id']}: {again}{load['mapping']} ({load['mode'].replace('_', ' ')})"]
    names = [source["name"] for source in load["sources"]]
    for source in load["sources"]:
        skipped = source["left_out"]
        kept = (f"，按 keep 略去 {skipped:,} 条" if zh else f", {skipped:,} left out by `keep`") if skipped else ""
        role = "" if names.count(source["name"]) == 1 else f"（{source['source']}）" if zh else f" ({source['source']})"
        lines.append(f"  {source['name']}{role}：{source['records']:,} 条记录{kept}" if zh else
                     f"  {source['name']}{role}: {source['records']:,} records{kept}")
        lines += [f"    {note[1] if zh else note[0]}" for note in source["notes"]]
    for name, sheets in load.get("sheets_not_read", {}).items():
        lines.append(f"  {name}：没有读取的工作表：{'、'.join(sheets)}" if zh else f"  {name}: sheets not read: {', '.join(sheets)}")
    if load["unfed"] and load["corrects"] is None:
        named = ", ".join(load["unfed"])
        lines.append(f"  映射中的来源 {named} 这次没有文件" if zh else f"  no file was given for the mapping's sources: {named}")
    lines += _table_lines(load, zh)
    lines += _personal_lines(loaded, zh)
    for one in load["control"]:
        lines.append(f"  控制数 {one['source']}·{one['figure']}：{one['ours']}，相符" if zh
                     else f"  control figure {one['source']}, {one['figure']}: {one['ours']}, agrees")
    lines += doubt_lines(load.get("doubts", []), zh)
    lines += _vanished_lines(load, book, zh, dry_run=dry_run)
    if load["quarantined"]:
        share = 100 * load["quarantined"] / records_taken(load)
        rules = ", ".join(f"{rule} {count:,}" for rule, count in list(load["rules"].items())[:5])
        lines.append(f"  隔离区：{load['quarantined']:,} 条记录（{share:.2f} %）：{rules}" if zh
                     else f"  quarantine: {load['quarantined']:,} records ({share:.2f} %): {rules}")
        if loaded.faults is not None:
            lines += ["    " + line for line in first_faults(loaded.faults, zh=zh)]
            lines.append("    逐条列出：同一命令加 --json" if zh else "    Each of them: the same command with --json")
        elif not dry_run:
            lines.append(f"查看并更正：arrears quarantine --book {book}" if zh else f"See and correct them: arrears quarantine --book {book}")
    if not dry_run:
        lines.append(f"账册概况：arrears book {book}" if zh else f"What the book holds now: arrears book {book}")
    return lines


def _table_lines(load: dict, zh: bool) -> list[str]:
    lines = []
    for name, about in load["tables"].items():
        parts = [("新增", "new", about["new"]), ("更改", "changed", about["changed"]), ("未变", "unchanged", about["unchanged"]), ("重复", "given twice", about["twice"]),
                 ("隔离", "quarantined", about["quarantined"])]
        counts = [f"{words[0] if zh else words[1]} {words[2]:,}" for words in parts if words[2] or words[1] == "new"]
        lines.append(f"  {said(name, zh=True)}：{'，'.join(counts)}" if zh else f"  {name}: {', '.join(counts)}")
        lines += sum_lines(about.get("sums", {}), zh)
    return lines


def _personal_lines(loaded: Loaded, zh: bool) -> list[str]:
    load, lines = loaded.load, []
    if load["hashed"]:
        named = ", ".join(load["hashed"])
        lines.append(f"  个人信息：{named} 已变为带密钥的散列" if zh else f"  personal: {named} became keyed hashes")
    lines += _vaulted_lines(load, zh) if "vaulted" in load else []
    if load["left_out"]:
        named = ", ".join(load["left_out"])
        lines.append(f"  个人信息：{named} 未读入；账册中没有" if zh else f"  personal: {named} left out; the book does not hold them")
    if loaded.new_key:
        lines.append(f"  假名密钥在 {loaded.new_key}：请另行备份；遗失后新数据无法与账册对应" if zh else
                     f"  the key of the pseudonyms lies at {loaded.new_key}: keep a copy of it elsewhere; without it later loads cannot be "
                     "joined to these")
    return lines


def _vaulted_lines(load: dict, zh: bool) -> list[str]:
    named, people = ", ".join(load["vaulted"]), load.get("people")
    if not load["vaulted"]:
        lines = []
    elif people is None:  # a try writes nothing
        lines = [f"  个人信息：{named} 将只以密文送入保险库" if zh else f"  personal: {named} would go to the vault alone, sealed"]
    else:
        count = sum(people.values())
        lines = [f"  个人信息：{named} 已密封为 {count:,} 行，只有保险库能打开" if zh else
                 f"  personal: {named} sealed in {count:,} rows; the vault alone opens them"]
    if load["vaulted_absent"]:
        absent = ", ".join(load["vaulted_absent"])
        lines.append(f"    应送入保险库的列 {absent} 不在任何文件中" if zh else f"    no file has the columns {absent}, which should go to the vault")
    for column, rules in load["unusable"].items():
        listed = ", ".join(f"{rule} {count:,}" for rule, count in rules.items())
        lines.append(f"    {column}：有单元格不能作为文本读取，未送入保险库：{listed}" if zh else f"    {column}: cells that are no text did not go there: {listed}")
    return lines


def _vanished_lines(load: dict, book: str, zh: bool, *, dry_run: bool) -> list[str]:
    gone = {name: about for name, about in load["tables"].items() if about["vanished"]}
    if not gone:
        return []
    lines = ["  快照中已不见、账册仍保留：" if zh else "  in the book, but no longer in the snapshot; they stay:"]
    for name, about in gone.items():
        count, first = about["vanished"], about["vanished_first"]
        if FACTS[name].replaced_by != FACTS[name].key:
            many = f"{count:,} 份计划" if zh else f"of {count:,} {_WHOLE[name]}"
        else:
            many = f"{count:,}"
        more = "" if count == len(first) else "……" if zh else " …"
        lines.append(f"    {said(name, zh=True)} {many}：{'、'.join(first)}{more}" if zh else f"    {name} {many}: {', '.join(first)}{more}")
    place = f"{book}/loads/{load['id']:04d}/vanished.parquet"
    if dry_run:
        lines.append("    正式装载时会写出全部清单" if zh else "    the load itself, without --dry-run, will list them all in a file")
    else:
        lines.append(f"    全部清单：{place}" if zh else f"    all of them: {place}")
    lines.append("    若导出不完整，请重新导出并装载；若确已结清、转让或核销，请作为还款或调整装入" if zh else
                 "    if the export was cut, export and load it again; what was settled, sold or written off, bring as payments or adjustments")
    return lines
