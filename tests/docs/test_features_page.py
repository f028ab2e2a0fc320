"""The page of features is what the list of features says."""

import importlib.util
from pathlib import Path


def test_the_page_of_features_is_up_to_date():
    path = Path(__file__).parents[2] / "docs/reference/make_features.py"
    spec = importlib.util.spec_from_file_location("make_features", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert made.PAGE.read_text(encoding="utf-8") == made.page(), "run docs/reference/make_features.py"
