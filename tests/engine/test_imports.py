import subprocess
import sys


def test_settings_can_be_checked_without_torch():
    program = "import sys, generator.engine.settings; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
