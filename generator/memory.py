"""The most memory that this process has taken since the last look, where the system tells."""

from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_PEAK = "5"  # what proc(5) has for: forget the peak


def forget_peak() -> None:
    try:
        _CLEAR.write_text(_PEAK, encoding="ascii")
    except OSError:
        return  # then the peak is that of the whole process, which is too much and not too little


def peak() -> int | None:
    """Bytes; None where the system does not say."""
    try:
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), None)
