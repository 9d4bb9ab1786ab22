"""Starts a program that the kernel ends when its parent dies: `launcher.py PARENT_PID program argument…`.

Run as a script with the standard library alone, so that it costs a few milliseconds. PR_SET_PDEATHSIG
outlives exec(), so a supervisor killed by SIGKILL leaves no orphans behind. Elsewhere than on Linux it only
runs the program.
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def die_with_parent() -> None:
    """Has the kernel kill this process when the thread that forked it ends. Not inherited by later forks."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def main() -> None:
    parent, program, *arguments = sys.argv[1:]
    die_with_parent()
    if os.getppid() != int(parent):  # it died before the request above
        raise SystemExit(1)
    os.execvp(program, [program, *arguments])  # noqa: S606 — the supervisor's own argument lists


if __name__ == "__main__":
    main()
