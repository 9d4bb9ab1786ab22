"""The child of pool.py: decodes one file after another and says what it found.

    python -m gallery.decoder.process

In: REQUEST, then the file's bytes. Out: one line of JSON. A file that crashes or stalls a decoder takes this
process with it and nothing else. It ends when its parent's end of the pipe closes.
"""

import io
import json
import resource
import signal
import struct
import sys
from dataclasses import asdict
from typing import BinaryIO

from gallery import pixels

REQUEST = struct.Struct("<QQd")  # bytes of the file, most pixels, seconds
GRACE = 5  # seconds of computing beyond those allowed; the parent ends a slow decoding long before


def answer(content: bytes, *, max_pixels: int) -> dict[str, object]:
    """What inspect() returned or raised, as plain values."""
    try:
        return {"found": asdict(pixels.inspect(io.BytesIO(content), max_pixels=max_pixels))}
    except pixels.PictureError as error:
        return {"error": type(error).__name__, "args": [str(part) for part in error.args]}


def limit_computing(seconds: float) -> None:
    """Ends this process if it computes on, for example because nobody is left to end it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = round(used.ru_utime + used.ru_stime + seconds + GRACE)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    while len(header := requests.read(REQUEST.size)) == REQUEST.size:
        size, max_pixels, seconds = REQUEST.unpack(header)
        content = requests.read(size)
        if len(content) < size:
            return
        limit_computing(seconds)
        pixels.prepare_pillow(max_pixels)
        answers.write(json.dumps(answer(content, max_pixels=max_pixels)).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, whose end closes the pipe
    serve(sys.stdin.buffer, sys.stdout.buffer)
