"""`python -m tests.fakes.worker_process`: the worker, with an enricher that does as it is told.

All but the model is as in `python -m pipeline`, so it starts in a second.
"""

import sys

from pipeline.__main__ import main
from tests.fakes.enricher import obedient

if __name__ == "__main__":
    sys.exit(main(obedient))
