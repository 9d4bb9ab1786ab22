"""The README's table of settings is complete."""

import re

from tests.processes import ROOT


def test_the_readme_lists_exactly_the_variables_that_the_settings_read() -> None:
    settings = (ROOT / "clipweb" / "settings.py").read_text()
    read = set(
        re.findall(
            r"""(?:environ\.get|env_bool|env_choice|env_int|env_list|env_rates)\(\s*"([A-Z0-9_]+)""", settings
        )
    )
    table = re.search(r"\| variable \|.*?(?=\n\n)", (ROOT / "README.md").read_text(), re.DOTALL)
    assert table
    first_cells = [line.split("|")[1] for line in table[0].splitlines()]
    listed = {name for cell in first_cells for name in re.findall(r"`([A-Z0-9_]+)`", cell)}
    assert listed == read
