"""What there is in the vault and whether all of it opens: numbers of keys, what is under them, what a rotation left undone."""

from collections.abc import Callable
from dataclasses import dataclass

from arrears.vault import suites
from arrears.vault.data_keys import unwrapped
from arrears.vault.handover import HandoverPublicKey
from arrears.vault.key_store import WrappedKey, read_tenant_keys
from arrears.vault.refused import VaultRefused
from arrears.vault.rotation import tenants
from arrears.vault.tenant_keys import WRAP
from arrears.vault.tombstones import read_tombstones
from arrears.vault.vault import Vault

BATCH = 10_000
_FIRST = "00000000-0000-0000-0000-000000000000"
SM4_WRAPS_MOST = 1 << 31
"""So many data keys under one SM4-GCM key, and half the bound of SP 800-38D, 8.3 on random nonces (2^32) is used up: rotate it."""


@dataclass(frozen=True)
class Checked:
    """How many data keys were opened, and what was found wrong, in English and Chinese."""

    data_keys: int
    findings: list[tuple[str, str]]


def read_status(vault: Vault) -> dict:
    """Provider, suite, keys by lender, data keys, erased persons; no key and no person."""
    numbers = vault.provider.numbers()

    def transaction(connection):
        lenders = {}
        for tenant in _tenants(connection):
            keys = {purpose: [{"number": key.number, "suite": suites.SUITES[key.suite].name, "provider_key": key.kek_number, "retired": key.wrapped is None} for key in read_tenant_keys(connection, tenant, purpose)]
                    for purpose in ("wrap", "blind")}
            under = connection.execute("SELECT tenant_key_number, count(*) FROM vault.data_key WHERE tenant = %s GROUP BY 1 ORDER BY 1", [tenant]).fetchall()
            persons = connection.execute("SELECT count(DISTINCT person) FROM vault.data_key WHERE tenant = %s", [tenant]).fetchone()[0]
            erased = connection.execute("SELECT count(*) FROM vault.erased WHERE tenant = %s", [tenant]).fetchone()[0]
            lenders[tenant] = {**keys, "data_keys_under": {str(number): count for number, count in under}, "persons": persons, "erased": erased,
                               "rotation_unfinished": sum(not key["retired"] for key in keys["wrap"]) > 1}
        handover = connection.execute("SELECT public, kek_number, wrapped IS NULL FROM vault.handover_key ORDER BY number", binary=True).fetchall()
        return lenders, [{"mark": HandoverPublicKey(public).mark, "provider_key": kek, "retired": retired} for public, kek, retired in handover]

    lenders, handover = vault.store.within(transaction)
    newest = max(number for number, lives in numbers.items() if lives)
    return {
        "provider": dict(zip(("en", "zh"), vault.provider.said(), strict=True)), "suite": suites.SUITES[vault.suite].name, "provider_keys": {str(number): "living" if lives else "retired" for number, lives in sorted(numbers.items())},
        "under_older_provider_keys": sum(not key["retired"] and key["provider_key"] != newest for lender in lenders.values() for purpose in ("wrap", "blind") for key in lender[purpose])
        + sum(not key["retired"] and key["provider_key"] != newest for key in handover),
        "lenders": lenders, "handover": handover, "tombstones": len(read_tombstones(vault.home)),
    }


def status_lines(found: dict, lang: str) -> list[str]:
    """The status in a few lines."""
    zh = lang == "zh"
    keys = ", ".join(f"{number}{'' if state == 'living' else '（已停用）' if zh else ' (retired)'}" for number, state in found["provider_keys"].items())
    lines = [f"密钥提供方：{found['provider']['zh']}，密钥 {keys}；新密钥套件 {found['suite']}" if zh else f"Keys are held by {found['provider']['en']}, keys {keys}; new keys are of the suite {found['suite']}"]
    if found["under_older_provider_keys"]:
        lines.append(f"  {found['under_older_provider_keys']} 个密钥仍由旧的提供方密钥保护：请再次运行 arrears vault rotate provider" if zh else f"  {found['under_older_provider_keys']} keys are still under an older key of the provider: run arrears vault rotate provider")
    for tenant, lender in found["lenders"].items():
        count = sum(lender["data_keys_under"].values())
        lines.append(f"机构 {tenant}：{lender['persons']} 人，{count} 个数据密钥；已删除 {lender['erased']} 人" if zh else f"Lender {tenant}: {lender['persons']} persons, {count} data keys; {lender['erased']} erased")
        if lender["rotation_unfinished"]:
            lines.append(f"  轮换未完成：请再次运行 arrears vault rotate lender --lender {tenant}" if zh else f"  a rotation was not ended: run arrears vault rotate lender --lender {tenant}")
        newest = lender["wrap"][-1] if lender["wrap"] else None
        if newest and newest["suite"] == "sm4-gcm" and lender["data_keys_under"].get(str(newest["number"]), 0) > SM4_WRAPS_MOST:
            lines.append("  SM4-GCM 包装密钥已接近使用上限：请轮换" if zh else "  the SM4-GCM wrapping key has been used for half of what it may be: rotate it")
    marks = ", ".join(key["mark"] for key in found["handover"] if not key["retired"])
    lines.append(f"交接公钥标记 {marks}" if zh else f"Public keys for handovers, by their marks: {marks}")
    return lines


def check_all(vault: Vault, report: Callable[[int], None] = lambda done: None) -> Checked:
    """Every living key is opened, every data key unwrapped, and every tombstone held against the store; nothing is changed."""
    findings: list[tuple[str, str]] = []
    count = 0
    for tenant in tenants(vault):
        try:
            vault.tenant_keys.for_blinding(tenant, make=False)
            for key in vault.store.tenant_keys(tenant, WRAP):
                if key.wrapped is not None:
                    vault.tenant_keys.wrapping(tenant, key.number)
        except VaultRefused as refusal:
            findings.append((f"the keys of lender {tenant}: {refusal.en}", f"机构 {tenant} 的密钥：{refusal.zh}"))
            continue
        after: tuple[str, int] | None = (_FIRST, 0)
        while after is not None:
            rows = vault.store.within(lambda connection, tenant=tenant, after=after: _page(connection, tenant, after))
            findings += _wrong_ones(vault, tenant, rows)
            count += len(rows)
            report(count)
            after = (rows[-1].person, rows[-1].number) if rows else None
    try:
        vault.handover_private_key(vault.handover_public_key().public)
    except VaultRefused as refusal:
        findings.append((f"the pair for handovers: {refusal.en}", f"交接密钥对：{refusal.zh}"))
    for tenant, person in vault.store.within(_erased_with_key):
        findings.append((f"lender {tenant}, person {person}: was erased and has a data key; run arrears vault init, which ends erasures", f"机构 {tenant}，人员 {person}：已删除但仍有数据密钥；请运行 arrears vault init 完成删除"))
    return Checked(count, findings)


def finding_lines(checked: Checked, lang: str) -> list[str]:
    """The outcome of a check, one line a finding."""
    is_zh = lang == "zh"
    first = f"已打开 {checked.data_keys} 个数据密钥，发现 {len(checked.findings)} 处问题" if is_zh else f"{checked.data_keys} data keys were opened; {len(checked.findings)} findings"
    return [first, *(f"  {zh if is_zh else en}" for en, zh in checked.findings)]


def _tenants(connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT DISTINCT tenant FROM vault.tenant_key ORDER BY tenant").fetchall()]


def _page(connection, tenant: str, after: tuple[str, int]) -> list[WrappedKey]:
    return [WrappedKey(*row) for row in connection.execute(
        "SELECT person::text, number, suite, tenant_key_number, wrapped FROM vault.data_key WHERE tenant = %s AND (person, number) > (%s::uuid, %s) ORDER BY person, number LIMIT %s",
        [tenant, *after, BATCH], binary=True)]


def _erased_with_key(connection) -> list[tuple[str, str]]:
    return connection.execute("SELECT DISTINCT tenant, person::text FROM vault.data_key JOIN vault.erased USING (tenant, person) ORDER BY 1, 2 LIMIT 1000").fetchall()


def _wrong_ones(vault: Vault, tenant: str, rows: list[WrappedKey]) -> list[tuple[str, str]]:
    found = []
    for row in rows:
        try:
            unwrapped(vault.tenant_keys.wrapping(tenant, row.tenant_key_number)[1], tenant, row)
        except VaultRefused as refusal:
            found.append((refusal.en, refusal.zh))
    return found
