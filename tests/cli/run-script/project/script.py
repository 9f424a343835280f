# /// script
# requires-python = ">=3.8"
# dependencies = ["alpha>=1"]
# ///
import sys

import alpha

print("script with alpha", alpha.__version__, sys.argv[1:])
