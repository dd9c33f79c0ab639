"""`python -m bench`: every benchmark, one table."""

from bench.table import show
from bench.turns import run

if __name__ == "__main__":
    show(run())
