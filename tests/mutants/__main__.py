"""See the package."""

import sys

from tests.mutants import survivors
from tests.mutants.catalogue import MUTANTS

wanted = [mutant for mutant in MUTANTS if not sys.argv[1:] or mutant.name in sys.argv[1:]]
alive = survivors(wanted)
print(
    f"{len(wanted) - len(alive)} of {len(wanted)} noticed; survivors: {', '.join(alive) or 'none'}"
)
sys.exit(bool(alive))
