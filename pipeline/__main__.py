"""The command line as a file that spark-submit can start."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # this folder has an http.py
    from pipeline.cli import main

    main()
