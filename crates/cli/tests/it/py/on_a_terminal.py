"""Runs a command whose standard output and error are a terminal; prints what the terminal got."""

import json
import os
import pty
import subprocess
import sys

ours, theirs = pty.openpty()
process = subprocess.Popen(sys.argv[1:], stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL)
os.close(theirs)
output = b""
while True:
    try:
        piece = os.read(ours, 65536)
    except OSError:  # the other end is closed
        break
    if not piece:
        break
    output += piece
print(json.dumps({"out": output.decode(), "code": process.wait()}))
