"""The tests of the register."""

from pkgutil import iter_modules

import pytest

# Left to itself, pytest shows what was compared only where a test itself compares, not in what tests call.
pytest.register_assert_rewrite(*(module.name for module in iter_modules(__path__, "tests.")))
