import sys

import alpha

print("app", alpha.__version__, sys.argv[1:])
