# SPDX-License-Identifier: MIT
"""A suite of tests that are methods, with a verdict each and `N passed, N failed` at the end."""
import concurrent.futures
import copy
import sys
import time
import traceback


class Failure(Exception):
    """A test's verdict."""


def expect(condition: object, text: object = "") -> None:
    if not condition:
        raise Failure(str(text))


def run(suite: object, words: list, at_once: int = 1) -> None:
    """Runs the methods test_..., or those whose names contain one of the words; ends the program.
    at_once: so many at a time, each on a copy of the suite with a folder `out` of its own in suite.out."""
    names = [n for n in dir(suite) if n.startswith("test_")
             and (not words or any(word in n for word in words))]
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        passed = sum(pool.map(lambda name: run_one(suite, name, at_once > 1), names))
    print(f"{passed} passed, {len(names) - passed} failed")
    sys.exit(1 if passed < len(names) or not passed else 0)


def run_one(suite: object, name: str, alone: bool) -> bool:
    if alone:
        suite = copy.copy(suite)
        suite.out = suite.out / name
        suite.out.mkdir()
    begin = time.monotonic()
    try:
        getattr(suite, name)()
        print(f"ok    {name} ({time.monotonic() - begin:.1f} s)\n", end="", flush=True)
        return True
    except Exception as error:  # pylint: disable=broad-except
        text = str(error) if isinstance(error, Failure) else traceback.format_exc()
        text += getattr(error, "stdout", None) or ""  # of a command that failed
        print(f"FAIL  {name}\n      " + text.replace("\n", "\n      ") + "\n", end="", flush=True)
        return False
