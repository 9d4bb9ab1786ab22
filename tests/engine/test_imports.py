from __future__ import annotations

import subprocess
import sys

import pytest

ENGINE = [
    "generator.engine.cutouts",
    "generator.engine.drawers",
    "generator.engine.loop",
    "generator.engine.losses",
    "generator.engine.settings",
    "generator.engine.upscaler",
]


def modules_after(statement: str) -> set[str]:
    program = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ENGINE)
def test_the_engine_knows_no_django(module):
    loaded = modules_after(f"import {module}")
    assert module in loaded
    assert "django" not in loaded


def test_settings_can_be_checked_without_torch():
    assert "torch" not in modules_after("import generator.engine.settings")


def test_plain_enlargement_needs_no_torch():
    assert "torch" not in modules_after("import generator.engine.enlargement")
