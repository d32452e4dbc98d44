# SPDX-License-Identifier: MIT
"""A suite of tests that are methods, with a verdict each and `N passed, N failed` at the end."""
import sys
import time
import traceback


class Failure(Exception):
    """A test's verdict."""


def expect(condition: object, text: object = "") -> None:
    if not condition:
        raise Failure(str(text))


def run(suite: object, words: list) -> None:
    """Runs the methods test_..., or those whose names contain one of the words; ends the program."""
    passed = failed = 0
    for name in [n for n in dir(suite) if n.startswith("test_")]:
        if words and not any(word in name for word in words):
            continue
        begin = time.monotonic()
        try:
            getattr(suite, name)()
            passed += 1
            print(f"ok    {name} ({time.monotonic() - begin:.1f} s)", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            text = str(error) if isinstance(error, Failure) else traceback.format_exc()
            print(f"FAIL  {name}\n      " + text.replace("\n", "\n      "), flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)
