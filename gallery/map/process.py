"""The child of computing.py: lays out one gallery, and ends.

    python -m gallery.map.process

In: REQUEST, then the vectors. Out: the positions, then the regions; no byte if it could not be done. It uses
one core, gives way to everything else, and ends when its parent's end of the pipe closes.
"""

import os
import resource
import signal
import struct
import sys
import threading

import numpy as np

REQUEST = struct.Struct("<QQQQ")  # rows, columns, seconds of computing, bytes of memory
OUT_OF_MEMORY = 3  # exit status


def limit(seconds: int, memory: int) -> None:
    """Ends this process (SIGXCPU) or its allocations (MemoryError) beyond what was allowed."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, resource.RLIM_INFINITY))


def end_with_parent() -> None:
    os.read(0, 1)  # nothing more comes; the pipe's end does, when the parent ends or gives up
    os._exit(1)


def main() -> None:
    rows, columns, seconds, memory = REQUEST.unpack(sys.stdin.buffer.read(REQUEST.size))
    content = sys.stdin.buffer.read(4 * rows * columns)
    vectors = np.frombuffer(content, "<f4").reshape(rows, columns)
    threading.Thread(target=end_with_parent, daemon=True).start()
    limit(seconds, memory)
    os.nice(10)
    try:
        from gallery.map.layout import lay_out  # under the limits too

        layout = lay_out(vectors)
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    sys.stdout.buffer.write(layout.positions.astype("<f4").tobytes() + layout.regions.tobytes())


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, whose end closes the pipe
    main()
