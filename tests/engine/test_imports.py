import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["settings", "enlargement"])
def test_what_forms_and_pages_ask_loads_no_torch(module):
    program = f"import sys, generator.engine.{module}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
