"""What comes in: one file per kind of source. plain.py takes the book's own Parquet files."""
