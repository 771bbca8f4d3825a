"""What the server of processes imports before it forks them."""

import pipeline.flow  # noqa: F401
from pipeline import validate

validate._gx()
