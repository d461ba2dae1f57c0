"""Writing to the change log and following it, on both databases: `python -m benchmarks.changes`."""

import sys

from app.resources.ids import named_id

PORT = 8473
CHANGES = 100_000
BATCH = 1_000
WRITERS = 8
SECONDS = 5
CITY = named_id("partners", "landeshauptstadt-dresden")
SERVE = [sys.executable, "-c", "from app.cli import main; main()", "serve"]
