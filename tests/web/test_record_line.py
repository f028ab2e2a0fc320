"""The record's state on the pages of those who look after it, in the reader's language; on nobody else's."""

import os

import pytest

from arrears.record.monitor import Finding, tell
from arrears.record.places import places_of


@pytest.fixture
def places(work):
    """The record's places, with a log and no alert; or none, where a test moves the log away."""
    from typer.testing import CliRunner

    from arrears.cli import app

    made = CliRunner().invoke(app, ["record", "init", "--home", str(work.home), "--origin", "leaves.example/record"])
    assert made.exit_code == 0, made.output
    found = places_of(work.home)
    found.alerts.unlink(missing_ok=True)
    yield found
    found.alerts.unlink(missing_ok=True)


@pytest.mark.parametrize("role, pages", [("auditor", ["/", "/entries"]), ("administrator", ["/", "/accounts"])])
def test_who_looks_after_the_record_sees_its_state_and_what_waits(places, staff, role, pages):
    person = staff(role)
    for page in pages:
        zh = person.browser.get(page).content.decode()
        assert "存证" in zh and "条，均在已签署的检查点之下" in zh and "条待写入" in zh and "未发现异常" in zh, page
    person.browser.post("/language", {"language": "en"})
    en = person.browser.get(pages[-1]).content.decode()
    assert "entries under a signed checkpoint" in en and "wait to be taken in" in en and "Nothing is wrong with it that is known" in en


def test_an_alert_stands_there_with_what_is_still_provable_in_the_readers_language(work, places, staff):
    person = staff("auditor")
    tell(places, [Finding("tile:0:3", "tile", "tile/0/003 was <changed>", "tile/0/003 内容被<改动>", "all but these", "其余条目")], work.now)
    zh = person.browser.get("/entries").content.decode()
    assert "异常" in zh and "内容被&lt;改动&gt;" in zh and "仍可证明： 其余条目" in zh and "未发现异常" not in zh
    person.browser.post("/language", {"language": "en"})
    assert "was &lt;changed&gt;" in person.browser.get("/").content.decode()


def test_a_damaged_checkpoint_is_told_and_no_page_fails(places, staff):
    person, checkpoint = staff("auditor"), places.log / "checkpoint"
    was = checkpoint.read_bytes()
    checkpoint.write_bytes(was[:20])
    try:
        page = person.browser.get("/entries")
    finally:
        checkpoint.write_bytes(was)
    assert page.status_code == 200 and "异常" in page.content.decode() and "最新检查点残缺" in page.content.decode()


def test_where_no_record_is_kept_that_is_said(places, staff):
    person = staff("auditor")
    aside = places.log.with_name("log-aside")
    os.replace(places.log, aside)
    try:
        page = person.browser.get("/entries").content.decode()
    finally:
        os.replace(aside, places.log)
    assert "尚未建立可供外部核验的存证" in page and "arrears record init" in page


@pytest.mark.parametrize("role", ["collector", "team_lead", "compliance_officer", "strategist"])
def test_others_do_not_see_it(places, staff, role):
    assert "均在已签署的检查点之下" not in staff(role).browser.get("/").content.decode()
