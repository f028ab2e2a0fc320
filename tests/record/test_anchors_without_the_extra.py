"""The record without the extra `evm`: everything is imported, and only who anchors is told what to install."""

import subprocess
import sys

WITHOUT = """
import sys
sys.modules["web3"] = sys.modules["eth_account"] = None
from pathlib import Path
import arrears.record.anchors, arrears.record.stamps
from arrears.refusal import Refused
key = Path(sys.argv[1])
key.write_text("11" * 32)
key.chmod(0o600)
for ask in (lambda: arrears.record.anchors.open_chain("https://node.example/"), lambda: arrears.record.anchors.open_account(key)):
    try:
        ask()
    except Refused as refused:
        print("make evm" in refused.en, "make evm" in refused.zh)
"""


def test_without_the_extra_an_anchor_is_refused_with_the_word_to_install_it(tmp_path):
    said = subprocess.run([sys.executable, "-c", WITHOUT, tmp_path / "key"], check=True, capture_output=True, text=True).stdout
    assert said == "True True\n" * 2
