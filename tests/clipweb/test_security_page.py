"""What docs/security.md says is there: its tests, its settings and the versions of packages."""

import re

import pytest

from tests.processes import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[\w/.:]+)`", PAGE))))
def test_every_test_that_it_names_is_there(named):
    path, _colons, name = named.partition("::")
    assert (ROOT / path).is_file()
    if name:
        assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(), re.MULTILINE)


def test_every_setting_that_it_names_is_read():
    settings = (ROOT / "clipweb" / "settings.py").read_text()
    days = set(re.findall(r"`([A-Z_]+_(?:DAYS|HOURS|LIMITS|FACTOR))", PAGE))
    assert len(days) > 8
    assert [name for name in days if f'"{name}"' not in settings] == []


def test_the_versions_are_those_that_are_installed():
    pinned = dict(
        line.split("==") for line in (ROOT / "requirements.txt").read_text().split() if "==" in line
    )
    listed = dict(re.findall(r"^\| ([\w-]+) \| ([\d.]+\w*) \|", PAGE, re.MULTILINE))
    assert len(listed) > 10
    assert {name: pinned.get(name) for name in listed} == listed
