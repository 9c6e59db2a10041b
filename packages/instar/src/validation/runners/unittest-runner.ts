/**
 * Stands in for `python -m unittest`: the same arguments, the same output, the same exit status, and a report beside it, whole or not there.
 * Written for Python 3.6 and younger; it may use nothing but the standard library.
 */
export const UNITTEST_RUNNER = `import inspect
import json
import os
import sys
import unittest

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reports")
NESTED = "INSTAR_TESTS_OF" in os.environ
os.environ.setdefault("INSTAR_TESTS_OF", str(os.getpid()))
sys.path[0] = os.getcwd()


def file_of(test):
    try:
        return inspect.getsourcefile(type(test))
    except (TypeError, OSError):
        return None


def name_of(test):
    try:
        return test.id()
    except Exception:
        return str(test)


class Result(unittest.TextTestResult):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.told = []

    def tell(self, test, outcome):
        is_test = isinstance(test, unittest.TestCase) and type(test).__module__ != "unittest.loader"
        name = name_of(test)
        owner = getattr(test, "test_case", test)
        is_group = not is_test and owner is test
        self.told.append({"name": name[:1000], "file": None if is_group else file_of(owner), "outcome": outcome, "isGroup": is_group})

    def addSuccess(self, test):
        super().addSuccess(test)
        self.tell(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.tell(test, "failed")

    def addError(self, test, err):
        super().addError(test, err)
        self.tell(test, "failed")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.tell(test, "skipped")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.tell(test, "skipped")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.tell(test, "failed")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.tell(subtest, "failed")


class Runner(unittest.TextTestRunner):
    resultclass = Result

    def run(self, test):
        result = super().run(test)
        path = os.path.join(FOLDER, "unittest-%d.json" % os.getpid())
        with open(path + ".part", "w") as report:
            json.dump({"format": "instar unittest report 1", "isNested": NESTED, "ended": True, "tests": result.told}, report)
        os.rename(path + ".part", path)
        return result


sys.argv[0] = "python -m unittest"
unittest.main(module=None, testRunner=Runner)
`;
