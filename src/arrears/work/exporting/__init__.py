"""Exports of the desk: what can be exported, by whom how much, and the files: CSV, Excel, Parquet."""
