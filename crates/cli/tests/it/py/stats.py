"""The simulator's own counters."""

import os
import urllib.request

with urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_simulator/stats") as answer:
    print(answer.read().decode())
