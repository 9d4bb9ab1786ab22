"""One file from the network: told how far it is, resumed where it broke off, checked before it counts."""

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from tqdm import tqdm

from clipweb.registry.store import RegistryError
from gallery.clip.checksums import file_sha256

TIMEOUT = 30.0  # seconds without a byte
SPARE = 200_000_000  # bytes that stay free
SHA256 = re.compile(r"[0-9a-f]{64}")


class NotFoundError(RegistryError):
    """The address answers that there is no such file."""


@dataclass(frozen=True)
class Told:
    """What a server says of a file. total: bytes, 0 if unknown; sha256: where the hub tells it."""

    total: int
    etag: str
    sha256: str


def download(url: str, target: Path, *, sha256: str = "", copies: int = 1, client: httpx.Client) -> Path:
    """The file at `url` as `target`. What there was of it before, in `target`.part, is not asked for again.

    sha256: what the file has to have; else the hub's own word counts, where it gives one. copies: how often
    its size has to be free on the disk. Raises RegistryError, one sentence; a .part is only left where it can
    be resumed, and the sentence says so.
    """
    part = target.with_name(f"{target.name}.part")
    told = _receive(url, part, copies, client)
    wanted = sha256 or told.sha256
    if wanted and (found := file_sha256(part)) != wanted:
        _forget(part)
        raise RegistryError(
            f"{target.name} arrived with the SHA-256 {found}, not {wanted}: it was damaged or exchanged on "
            "its way, and has been deleted."
        )
    part.rename(target)
    _forget(part)
    return target


def _receive(url: str, part: Path, copies: int, client: httpx.Client) -> Told:
    have = part.stat().st_size if part.is_file() else 0
    headers = {"Accept-Encoding": "identity"}  # so that lengths are those of the file
    etag = _etag_of(part)
    if have and etag.is_file():
        headers |= {"Range": f"bytes={have}-", "If-Range": etag.read_text(encoding="utf-8")}
    host = urlsplit(url).hostname
    try:
        with client.stream("GET", url, headers=headers) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                _forget(part)
                raise RegistryError(f"What was there of {part.name} did not fit: run the command again.")
            told = _check(response, url)
            resumes = response.status_code == httpx.codes.PARTIAL_CONTENT
            have = have if resumes else 0
            _check_space(part, told, have, copies)
            part.parent.mkdir(parents=True, exist_ok=True)
            etag.write_text(told.etag, encoding="utf-8") if told.etag else etag.unlink(missing_ok=True)
            _write(response, part, told, have)
            return told
    except httpx.ConnectError as error:
        raise RegistryError(_unreachable(host, part, error)) from error
    except httpx.TransportError as error:
        if not part.is_file():
            raise RegistryError(_unreachable(host, part, error)) from error
        raise RegistryError(_broken(part, host)) from error
    except OSError as error:
        raise RegistryError(f"{part} cannot be written: {error.strerror}.") from error


def _write(response: httpx.Response, part: Path, told: Told, have: int) -> None:
    with (
        part.open("ab" if have else "wb") as file,
        tqdm(
            total=told.total or None,
            initial=have,
            desc=part.name.removesuffix(".part"),
            unit="B",
            unit_scale=True,
            mininterval=0.5 if sys.stderr.isatty() else 10,
        ) as bar,
    ):
        for chunk in response.iter_raw():
            file.write(chunk)
            bar.update(len(chunk))
    if told.total and part.stat().st_size < told.total:
        raise httpx.ReadError("closed early")


def _check(response: httpx.Response, url: str) -> Told:
    host = urlsplit(url).hostname
    if response.status_code == httpx.codes.NOT_FOUND:
        raise NotFoundError(f"{host} has no file at {url} any more.")
    if response.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        raise RegistryError(
            f"{host} does not give {url} to everybody: fetch it with your account, then add it."
        )
    if response.status_code not in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
        raise RegistryError(f"{host} answers with status {response.status_code}: try again later.")
    if response.headers.get("Content-Type", "").startswith("text/html"):
        raise RegistryError(
            f"{host} gives a web page instead of the file at {url}: fetch it by hand, then add it."
        )
    total = response.headers.get("Content-Range", "").rpartition("/")[2]
    total = total if total.isdecimal() else response.headers.get("Content-Length", "0")
    # The hub tells a large file's checksum as its ETag, before it sends on to where the file is.
    tags = [
        each.headers.get(name, "").removeprefix("W/").strip('"')
        for each in (*response.history, response)
        for name in ("X-Linked-Etag", "ETag")
    ]
    sha256 = next((tag for tag in tags if SHA256.fullmatch(tag)), "")
    return Told(int(total), response.headers.get("ETag", ""), sha256)


def _check_space(part: Path, told: Told, have: int, copies: int) -> None:
    there = next(folder for folder in part.parents if folder.is_dir())
    needed = told.total - have + (copies - 1) * told.total + SPARE
    free = shutil.disk_usage(there).free
    if free < needed:
        raise RegistryError(
            f"{part.name.removesuffix('.part')} needs {megabytes(needed)} free in {there}, and "
            f"{megabytes(free)} are."
        )


def _unreachable(host: str | None, part: Path, error: Exception) -> str:
    kept = f" {part} keeps what there is." if part.is_file() else ""
    return (
        f"{host} cannot be reached: fetch the file on a machine with a network, and add it here with "
        f"`manage.py models add PATH`.{kept}"
    )


def _broken(part: Path, host: str | None) -> str:
    size = megabytes(part.stat().st_size)
    return f"The connection to {host} broke off; {part} keeps {size}, and the same command goes on there."


def _etag_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.etag")


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _etag_of(part).unlink(missing_ok=True)


def megabytes(count: int) -> str:
    """1_500_000_000 → `1,500 MB`; less than one in kB."""
    return f"{count / 1e6:,.0f} MB" if count >= 1_000_000 else f"{count / 1e3:,.1f} kB"


def new_client() -> httpx.Client:
    return httpx.Client(follow_redirects=True, timeout=TIMEOUT)
