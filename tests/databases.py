"""Which kinds of database a test runs on: both, when it does not say so."""

import os

import pytest

ENGINES = ("sqlite", "postgresql")

IS_SOAK = "REGISTER_SOAK_ROUNDS" in os.environ
"""Whether the long run was asked for, `make soak`."""

only_sqlite = pytest.mark.databases("sqlite")
only_postgresql = pytest.mark.databases("postgresql")
"""For what the other kind of database does not have."""

any_database = pytest.mark.databases(*ENGINES if IS_SOAK else ["sqlite"])
"""For what no database decides: who may do what, what is refused before a database is asked, rules on values.

`make soak` tries it on both all the same.
"""
