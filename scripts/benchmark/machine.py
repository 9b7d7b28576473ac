"""What a reader wants to know about the machine, and no more."""

import os
import platform
import re
from pathlib import Path


def facts():
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    release = re.match(r"\d+\.\d+", platform.release())  # what follows is the machine's own business
    return {
        "cpu": model[1].strip() if model else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": f"{platform.system()} {release[0] if release else ''}".strip(),
    }
