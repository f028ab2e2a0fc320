"""Tiles: their paths and bytes are those of the specification, and what is not whole is refused with its name."""

import random
import shutil

import pytest

from arrears.record.append import Log
from arrears.record.tiles import ENTRIES, DamagedFile, Tiles, edge, tile_path
from record import logs, plain_tree


def test_paths_are_those_of_the_specification():
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(3, 0) == "tile/3/000"
    assert tile_path(ENTRIES, 999, 255) == "tile/entries/999.p/255"
    assert tile_path(1, 1000, 1) == "tile/1/x001/000.p/1"
    assert tile_path(0, 999_999) == "tile/0/x999/999" and tile_path(0, 1_000_000) == "tile/0/x001/x000/000"


def test_the_right_edge_of_the_specifications_example_is_as_it_says():
    assert set(edge(70_000)) == {(ENTRIES, 273, 112), (0, 273, 112), (1, 1, 17), (2, 0, 1)}
    assert set(edge(256)) == {(1, 0, 1)} and set(edge(0)) == set() and set(edge(1)) == {(ENTRIES, 0, 1), (0, 0, 1)}
    assert set(edge(65_536)) == {(2, 0, 1)}


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A log of the specification's example size, extended in uneven pieces; shared, and never changed."""
    folder = tmp_path_factory.mktemp("large")
    log, _ = logs.new_log(folder)
    dice = random.Random(70)
    while log.size < 70_000:
        log.extend(logs.entries(log.size, min(70_000, log.size + dice.choice([1, 7, 255, 256, 257, 3000]))))
    log.publish()
    log.close()
    return folder / "log"


def test_a_log_of_the_specifications_example_has_exactly_its_files_and_each_holds_the_hashes_of_the_definition(large):
    found = logs.tiles_in(large)
    expected = logs.files_of(70_000)
    assert found.keys() == expected.keys()
    assert all(found[name] == content for name, content in expected.items())
    assert sum(name.startswith("tile/0/") and ".p" not in name for name in found) == 273 and {"tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"} <= found.keys()
    assert len(found["tile/0/000"]) == 8192 and len(found["tile/entries/000"]) == 256 * 34


def test_nodes_roots_and_entries_are_read_from_the_files(large):
    tiles = Tiles(large, 70_000)
    tiles.read_edge()
    dice = random.Random(71)
    levels = [[logs.leaf(number) for number in range(70_000)]]
    while len(levels[-1]) > 1:
        levels.append([plain_tree.root(levels[-1][at:at + 2]) for at in range(0, len(levels[-1]) - 1, 2)])
    for level, nodes in enumerate(levels):
        for index in {0, len(nodes) - 1, *(dice.randrange(len(nodes)) for _ in range(20))}:
            assert tiles.node(level, index) == nodes[index], (level, index)
    for start, stop in ((0, 1), (255, 257), (69_999, 70_000), (300, 1300), (5, 5), (69_000, 70_000)):
        assert b"".join(tiles.commitments(start, stop)) == logs.entries(start, stop)


def copied(large, tmp_path):
    return shutil.copytree(large, tmp_path / "copy")


@pytest.mark.parametrize("name, change, word", [
    ("tile/0/100", lambda content: content[:-1], "fewer"), ("tile/0/100", lambda content: content + b"x", "more"), ("tile/0/100", lambda content: b"", "fewer"), ("tile/0/100", None, "missing"),
    ("tile/entries/100", lambda content: content[:-34], "fewer"), ("tile/entries/100", None, "missing"), ("tile/entries/100", lambda content: b"\x01" + content[1:], "length"), ("tile/entries/100", lambda content: content[:35] + b"\x21" + content[36:], "length"),
    ("tile/1/000", lambda content: content[:32], "fewer"), ("tile/1/000", None, "missing"),
])
def test_a_tile_that_is_not_whole_is_refused_with_its_name_and_what_to_do(large, tmp_path, name, change, word):
    folder = copied(large, tmp_path)
    if change:
        (folder / name).write_bytes(change((folder / name).read_bytes()))
    else:
        (folder / name).unlink()
    log = Log.open(folder)
    with pytest.raises(DamagedFile) as refusal:
        log.commitments(25_600, 25_601)
        log.inclusion(25_600, 70_000)
    assert refusal.value.file == name and word in refusal.value.en and "arrears record mend" in refusal.value.en and "arrears record mend" in refusal.value.zh and name in refusal.value.zh


@pytest.mark.parametrize("name", ["tile/0/100", "tile/1/000", "tile/0/000", "tile/0/271"])
def test_a_flipped_bit_in_a_tile_is_found_and_named_when_a_proof_needs_it(large, tmp_path, name):
    folder = copied(large, tmp_path)
    content = bytearray((folder / name).read_bytes())
    content[32 * 10 + 5] ^= 4
    (folder / name).write_bytes(content)
    number = int(name.rsplit("/", 1)[1])
    index = number * 256 + 11 if name.startswith("tile/0") else 11 * 256
    with pytest.raises(DamagedFile) as refusal:
        Log.open(folder).inclusion(index, 70_000)
    assert refusal.value.file == name


@pytest.mark.parametrize("name", ["tile/0/273.p/112", "tile/entries/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"])
@pytest.mark.parametrize("change", ["cut", "missing", "flipped", "longer"])
def test_a_right_edge_that_is_not_whole_is_refused_when_the_log_is_opened_and_nothing_is_written(large, tmp_path, name, change):
    folder = copied(large, tmp_path)
    content = bytearray((folder / name).read_bytes())
    if change == "missing":
        (folder / name).unlink()
    else:
        content[3] ^= 1
        (folder / name).write_bytes({"cut": content[:-1], "flipped": content, "longer": content + b"x"}[change])
    before = logs.tiles_in(folder)
    with pytest.raises(DamagedFile) as refusal:
        Log.open(folder)
    assert name in refusal.value.en
    assert logs.tiles_in(folder) == before


def test_a_file_where_a_folder_should_be_is_a_missing_tile(large, tmp_path):
    folder = copied(large, tmp_path)
    shutil.rmtree(folder / "tile" / "2")
    (folder / "tile" / "2").write_bytes(b"")
    with pytest.raises(DamagedFile, match="tile/2/000.p/1"):
        Log.open(folder)


def test_a_reader_of_an_older_size_goes_on_with_the_whole_tile_that_took_the_partial_ones_place(tmp_path):
    log, _ = logs.grown(tmp_path, 300)
    reader = Log.open(tmp_path / "log")
    log.extend(logs.entries(300, 1000))
    log.publish()
    assert not (tmp_path / "log" / "tile" / "0" / "001.p").exists()
    assert reader.commitments(299, 300) == logs.entry(299)
    late = Tiles(tmp_path / "log", 300)
    late.read_edge()
    assert bytes(late.entries) == logs.entries(256, 300) and reader.inclusion(10, 300) == plain_tree.path(10, [logs.leaf(number) for number in range(300)])
