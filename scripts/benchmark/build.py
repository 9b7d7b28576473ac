"""What has to be built before anything runs: the yardstick, and the servers that roomcast is compared with."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from benchmark.failure import Failure

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
BUILD = TOP / "build" / "bench"


def is_current(product, *sources):
    return product.exists() and all(product.stat().st_mtime >= source.stat().st_mtime for source in sources)


def compiled(source):
    """The program that the command in the head of `source` makes of it."""
    binary = BUILD / source.stem
    if is_current(binary, source):
        return binary
    command = re.search(r"^//\s+(g\+\+ .*)$", source.read_text("utf-8"), re.MULTILINE)
    if not command:
        raise Failure(f"{source}: no line '// g++ …' in its head")
    words = shlex.split(command[1])
    if not shutil.which(words[0]):
        raise Failure(f"no {words[0]} to compile {source.name} with")
    # An interrupted compiler leaves nothing that looks finished.
    unfinished = binary.with_suffix(".unfinished")
    words[words.index("-o") + 1] = str(unfinished)
    words[words.index(source.name)] = str(source)
    BUILD.mkdir(parents=True, exist_ok=True)
    print(f"bench: building {source.name}", file=sys.stderr)
    if subprocess.run(words).returncode:
        raise Failure(f"{source.name} does not build")
    unfinished.rename(binary)
    return binary


def with_packages(script):
    """The script, copied to where its npm packages are installed: the source tree stays as it is."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            raise Failure(f"no {program} to run {script.name} with")
    folder = BUILD / script.stem
    folder.mkdir(parents=True, exist_ok=True)
    lock = HERE / "package-lock.json"
    # npm writes this file last, so it also tells a finished installation from one that was cut short.
    if not is_current(folder / "node_modules" / ".package-lock.json", lock):
        for file in (HERE / "package.json", lock):
            shutil.copy(file, folder)
        print(f"bench: installing the packages of {script.name}", file=sys.stderr)
        npm = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        result = subprocess.run(npm, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if result.returncode:
            said = result.stderr.strip().splitlines()
            raise Failure(f"npm cannot install the packages of {script.name}{': ' + said[0] if said else ''}")
        (folder / "node_modules" / ".package-lock.json").touch()
    return Path(shutil.copy(script, folder))


def beast():
    return [compiled(HERE / "beast_chat.cpp"), "0"]


def ws():
    return ["node", with_packages(HERE / "ws_chat.mjs"), "0"]


# The command of each peer; making it may take a while.
PEERS = {"beast": beast, "ws": ws}


def peers(wanted):
    """The commands of the peers by name. None is all that can be built, and a word about each that cannot."""
    commands = {}
    for name in PEERS if wanted is None else wanted:
        try:
            commands[name] = PEERS[name]()
        except Failure as reason:
            if wanted is not None:
                raise
            print(f"bench: without {name}: {reason}", file=sys.stderr)
    return commands
