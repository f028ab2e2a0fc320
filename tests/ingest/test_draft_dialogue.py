"""The questions of `arrears map --ask` at a real terminal: what ends them, and what is then kept."""

import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest

from arrears.ingest.draft import draft
from arrears.ingest.draft_dialogue import ask

CONTROL_C, END_OF_INPUT = b"\x03", b"\x04"


def at_a_terminal(words: list, keys: bytes, seconds: float = 60) -> tuple[int, str]:
    """The exit status and what was shown, where these keys are pressed at the first question."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from arrears.cli import main; main()", *map(str, words)], stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, preexec_fn=_with_this_terminal, env={**os.environ, "TERM": "dumb"})
    os.close(theirs)
    shown, pressed, end = b"", False, time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                shown += os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
        elif b"]: " in shown and not pressed:
            os.write(ours, keys)
            pressed = True
    process.kill() if process.poll() is None and time.monotonic() >= end else process.wait()
    while select.select([ours], [], [], 0)[0]:
        try:
            shown += os.read(ours, 65_536)
        except OSError:
            break
    os.close(ours)
    return process.wait(), shown.decode(errors="replace")


def _with_this_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(("keys", "status", "is_kept"), [(END_OF_INPUT, 0, True), (CONTROL_C, 130, False)])
def test_the_end_of_input_keeps_the_draft_and_a_stop_keeps_nothing(tmp_path, keys, status, is_kept):
    loans, out = tmp_path / "loans.csv", tmp_path / "my.yaml"
    loans.write_text("loan_no,customer_no,loan_amount,start_date\n" + "".join(f"L{n},C{n},1000.00,2026-01-05\n" for n in range(9)), encoding="utf-8")
    said = at_a_terminal(["map", loans, "--out", out, "--ask", "--lang", "en"], keys)
    assert said[0] == status and out.exists() == is_kept, said
    assert ("open questions (?)" if is_kept else "stopped") in said[1]


def test_a_question_shows_the_words_it_can_be_answered_by_and_lists_the_columns_only_when_asked(tmp_path):
    path = tmp_path / "台账.csv"
    path.write_text("借据号,姓名,手机号,放款金额(元),放款日期,到期日\n" + "".join(f"L{n},张三,1380000000{n},1000,2026-01-05,2026-07-05\n" for n in range(9)), encoding="utf-8")
    prompts, answers = [], {"宽限期": "3天", "哪一列是每期应还利息": "=0", "借款人": "借据号"}

    def read(prompt: str) -> str:
        prompts.append(prompt)
        return next((answer for words, answer in answers.items() if words in prompt), "")

    drafted = ask(draft([str(path)]), "zh", read, lambda _: None)
    told = {prompt.split("：")[0]: prompt for prompt in prompts}
    compound = next(prompt for prompt in told.values() if "复利" in prompt)
    assert "yes | no | 或 6 列之一" in compound and "手机号" not in compound and "姓名" not in compound
    schedule = next(prompt for prompt in told.values() if "没有还款计划文件" in prompt)
    assert "one：" in schedule and "equal" not in schedule, "what the columns do not allow is not named"
    assert 'grace_days: {constant: "3"}' in drafted.text or "grace_days: {constant: 3}" in drafted.text
