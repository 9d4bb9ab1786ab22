import subprocess
import sys

import pytest

EDGES = ["views", "urls", "admin", "forms", "consumers", "routing", "tasks", "jobs", "runner", "checkpoints"]


@pytest.mark.parametrize("modules", [[f"generator.{name}" for name in EDGES], ["clipweb.asgi"]])
def test_what_the_web_process_imports_loads_no_torch(modules):
    program = "import sys, django; django.setup()\n"
    program += "\n".join(f"import {module}" for module in modules)
    program += "\nprint([name for name in ('torch', 'open_clip', 'taming') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"DJANGO_SETTINGS_MODULE": "clipweb.settings", "PATH": ""},
    )
    assert done.stdout.strip() == "[]"
