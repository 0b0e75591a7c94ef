"""`python -m unittest discover -s python -t python`: the package beside this folder is the one that is tested."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
