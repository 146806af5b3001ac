"""Quality and cost, measured: `python -m tests.evaluation`."""

import os

# As in the worker's NLP processes, and before numpy is imported, which reads these once: several
# threads of small matrices take twice the processor time of one.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
