"""The recipe that a finished picture carries in its file: how it was made, for people and programs to read.

It stands as JSON in a text chunk of its own (PNG specification: iTXt), and again as XMP (ISO 16684-1),
which other programs show and keep. The prompt alone stands where both have a place for a description.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import asdict, dataclass, fields
from typing import Any, BinaryIO
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from generator.engine.settings import OPTIONS, GenerateSettings, SettingsError, with_options

KEYWORD = "clipweb"
XMP_KEYWORD = "XML:com.adobe.xmp"
NAMESPACE = "urn:clipweb:recipe:1#"
MAX_CHARACTERS = 64 * 1024  # of either form; a recipe has about one thousand

# What else is noted: the perceptor's model, the last step made, what enlarged the picture.
_NOT_SETTINGS = {"clip", "stopped_at", "enlarged_by"}
_OF_THE_MACHINE = {"threads"}
_NOT_IN_XML = re.compile("[\ufffe\uffff]")

_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:clipweb="{namespace}">
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{description}</rdf:li></rdf:Alt></dc:description>
<clipweb:recipe>{recipe}</clipweb:recipe>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


class NoRecipe(Exception):
    """The file is no PNG, or says nothing of how it was made that is meant for this app."""


class BrokenRecipe(Exception):
    """There is a recipe, and it cannot be read or the engine does not take it. `args[0]` says why."""


@dataclass(frozen=True)
class Recipe:
    """What a file says of how it was made, as far as there are such settings here."""

    settings: GenerateSettings  # `threads` is this program's default: it belongs to the machine
    unknown: tuple[str, ...] = ()  # names of settings that there are not, or not any more


def encode_picture(
    pixels: Any, *, recipe: GenerateSettings, clip: str, step: int, enlarged_by: str = ""
) -> bytes:
    """(H, W, 3) uint8, or with alpha (H, W, 4), the picture after `step` → PNG that says how it was made.

    enlarged_by: the network that has done it, or how else it was done; empty where it is as it was drawn.

    Nothing in it depends on when or for whom.
    """
    made = {"clip": clip, **asdict(recipe)}
    if step < recipe.steps:
        made["stopped_at"] = step
    if recipe.enlarge == 1:
        del made["enlarge"]  # such pictures have the bytes that they had before there was a choice
    if enlarged_by:
        made["enlarged_by"] = enlarged_by
    info = PngInfo()
    info.add_text("Software", "clipweb")
    info.add_itxt("Description", recipe.prompt)
    info.add_itxt(KEYWORD, json.dumps(made, sort_keys=True, ensure_ascii=False))
    info.add_itxt(XMP_KEYWORD, _packet(made))
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def read_recipe(file: BinaryIO) -> Recipe:
    """The recipe in a file that has passed the checks of an upload. Raises NoRecipe or BrokenRecipe."""
    file.seek(0)
    try:
        picture = Pillow.open(file, formats=["PNG"])
    except Pillow.UnidentifiedImageError:
        raise NoRecipe from None
    notes = {name: text for name, text in picture.info.items() if isinstance(text, str)}
    text = notes.get(KEYWORD) or _from_packet(notes.get(XMP_KEYWORD, ""))
    if not text:
        raise NoRecipe
    return parse(text)


def parse(text: str) -> Recipe:
    """The recipe that is written as `text`. Raises BrokenRecipe."""
    if len(text) > MAX_CHARACTERS:
        raise BrokenRecipe(f"it has more than {MAX_CHARACTERS} characters")
    try:
        made = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenRecipe("it is no JSON") from error
    if not isinstance(made, dict) or "prompt" not in made:
        raise BrokenRecipe("it has no prompt")
    known = {field.name for field in fields(GenerateSettings)}
    chosen = {name: value for name, value in made.items() if name in known - _OF_THE_MACHINE}
    options = {name: chosen.pop(name) for name in list(chosen) if name in OPTIONS}
    try:
        settings = with_options(options, **chosen)
    except SettingsError as error:
        raise BrokenRecipe(str(error)) from error
    except OverflowError as error:  # a whole number that no float has
        raise BrokenRecipe("one of its numbers is too large") from error
    return Recipe(settings, tuple(sorted(made.keys() - known - _NOT_SETTINGS)))


def _packet(made: dict[str, Any]) -> str:
    return _PACKET.format(
        namespace=NAMESPACE,
        description=escape(_NOT_IN_XML.sub("\ufffd", made["prompt"])),
        recipe=escape(json.dumps(made, sort_keys=True)),  # in ASCII, so that XML has all of its characters
    )


def _from_packet(packet: str) -> str:
    """Programs that save XMP anew write a property as an element or as an attribute."""
    if not packet or len(packet) > 2 * MAX_CHARACTERS or "<!DOCTYPE" in packet:
        return ""  # XMP has no document type; one could define entities that grow without end
    try:
        root = ElementTree.fromstring(packet)  # noqa: S314  # bounded, and without entities of its own
    except ElementTree.ParseError:
        return ""
    name = f"{{{NAMESPACE}}}recipe"
    found = root.find(f".//{name}")
    if found is not None:
        return found.text or ""
    return next((element.attrib[name] for element in root.iter() if name in element.attrib), "")
