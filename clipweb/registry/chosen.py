"""Which models `manage.py models use` chose: a small file that the settings read where the environment is
silent. Read while the settings are made, so it imports nothing of Django."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FILE = "active.json"
SHIPPED_CLIP = ("mini", "mini-quick")


class ChoiceError(Exception):
    """active.json is not readable; the message says what to do."""


@dataclass(frozen=True)
class Choice:
    """clip, vqgan: names of folders beside the file, or empty for the shipped pack (`mini-quick` too).
    architecture: open_clip's name of that CLIP."""

    clip: str = ""
    architecture: str = ""
    vqgan: str = ""


def read_choice(folder: Path) -> Choice:
    """Nothing chosen while there is no file. Raises ChoiceError for one that is damaged."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Choice(**{name: str(content[name]) for name in ("clip", "architecture", "vqgan")})
    except FileNotFoundError:
        return Choice()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ChoiceError(
            f"{folder / FILE} cannot be read ({error}): delete it, and choose again with "
            "`manage.py models use`."
        ) from error


def write_choice(folder: Path, choice: Choice) -> None:
    write_json(folder / FILE, asdict(choice))


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all: processes may read it at any time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def clip_settings(folder: Path, choice: Choice) -> tuple[str, str]:
    """(CLIP_MODEL, CLIP_PRETRAINED)."""
    if choice.clip in ("", *SHIPPED_CLIP):
        return choice.clip or "mini", ""
    return choice.architecture, str(folder / choice.clip)


def vqgan_settings(folder: Path, choice: Choice) -> tuple[str, str]:
    """(VQGAN_CHECKPOINT, VQGAN_CONFIG), both empty for the shipped one."""
    if not choice.vqgan:
        return "", ""
    return str(folder / choice.vqgan / "model.safetensors"), str(folder / choice.vqgan / "config.yaml")
