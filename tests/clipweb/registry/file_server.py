"""A server of files on loopback that knows ranges, and can be told to misbehave."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """files: by path. cut_after: bytes of the next answer, then it closes. asked: (path, Range)."""

    files: dict[str, bytes] = field(default_factory=dict)
    cut_after: int | None = None
    knows_ranges: bool = True
    content_type: str = "application/octet-stream"
    linked_etags: dict[str, str] = field(default_factory=dict)
    claimed_length: int | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    served: Served

    def do_GET(self) -> None:
        served, path = self.served, self.path.partition("?")[0]
        served.asked.append((path, self.headers.get("Range", "")))
        content = served.files.get(path)
        if content is None:
            self.send_error(404)
            return
        etag = f'"{hashlib.md5(content).hexdigest()}"'
        start = 0
        if served.knows_ranges and "Range" in self.headers and self.headers.get("If-Range") == etag:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Type", served.content_type)
        self.send_header("Content-Length", str(served.claimed_length or len(content) - start))
        self.send_header("ETag", etag)
        if path in served.linked_etags:
            self.send_header("X-Linked-Etag", f'"{served.linked_etags[path]}"')
        self.end_headers()
        body, served.cut_after = content[start:][: served.cut_after], None
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def file_server() -> Iterator[Served]:
    served = Served()
    handler = type("ServingThese", (Handler,), {"served": served})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
