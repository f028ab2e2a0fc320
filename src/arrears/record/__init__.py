"""The record: a tamper-evident log under both planes, and the two small programs with which strangers check it (verify.py, witness.py)."""
