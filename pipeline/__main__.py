"""The command line as a program that spark-submit can start: `python pipeline/__main__.py`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from pipeline.cli import main

    main()
