"""`python -m keras_gans`: the commands of the library."""

import sys

from keras_gans.cli import main

if __name__ == "__main__":
    sys.exit(main())
