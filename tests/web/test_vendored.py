"""What browsers are given of others is what the manifest says, byte for byte, with its licence, and calls nobody."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "src" / "arrears" / "web" / "static" / "vendor"
FOLDERS = {"shipped": SHIPPED, "for tests": ROOT / "tests" / "browser" / "axe"}
LICENCES = {"MIT", "BSD-0-Clause", "BSD-3-Clause", "0BSD", "Apache-2.0", "MPL-2.0"}


def manifest(folder: Path) -> list[dict]:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_is_in_the_manifest_with_its_hash_and_no_other(folder):
    where = FOLDERS[folder]
    told = {name: digest for one in manifest(where) for name, digest in one["files"].items()}
    found = {str(path.relative_to(where)): "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode() for path in where.rglob("*") if path.is_file() and path != where / "manifest.json"}
    assert found == told


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_package_has_its_version_of_the_lock_and_a_licence_with_its_text(folder):
    lock = json.loads((ROOT / "tools" / "vendor" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for one in manifest(FOLDERS[folder]):
        locked = lock[f"node_modules/{one['name']}"]
        assert (one["version"], one["licence"]) == (locked["version"], locked["license"]) and one["licence"] in LICENCES
        assert any("LICENSE" in name for name in one["files"]), one["name"]
        for held in one.get("holds", ()):
            name, version, licence = re.fullmatch(r"(.+)@([\d.]+) \((.+)\)", held).groups()
            assert lock[f"node_modules/{name}"]["version"] == version and licence in LICENCES
            assert any(file.startswith(f"echarts/{name}-LICENSE") for file in one["files"]), name


def test_the_lock_pins_digests_and_names_no_host():
    text = (ROOT / "tools" / "vendor" / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert '"resolved"' not in text and all("integrity" in one for name, one in packages.items() if name)
    asked = json.loads((ROOT / "tools" / "vendor" / "package.json").read_text(encoding="utf-8"))
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for part in ("dependencies", "devDependencies") for version in asked[part].values())


def test_packed_files_are_the_files_beside_them():
    packed = sorted(SHIPPED.rglob("*.gz"))
    assert {path.name for path in packed} >= {"tabler.min.css.gz", "charts.min.js.gz"}
    for path in packed:
        assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes(), path.name


def test_styles_fetch_nothing_from_anywhere():
    for path in SHIPPED.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert "@import" not in text and all(one.startswith(("data:", "#")) for one in re.findall(r"url\([\"']?([^\"')]{1,20})", text)), path.name


def test_a_browser_that_takes_packed_files_gets_them(work):
    from web.staff import browser

    plain, packed = browser().get("/static/vendor/tabler/tabler.min.css"), browser().get("/static/vendor/tabler/tabler.min.css", headers={"accept-encoding": "gzip"})
    sizes = [len(b"".join(one.streaming_content)) for one in (plain, packed)]
    assert plain.status_code == packed.status_code == 200 and packed["Content-Encoding"] == "gzip" and sizes[1] * 4 < sizes[0]
