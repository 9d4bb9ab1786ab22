"""The tensors of a TorchScript archive, as OpenAI published CLIP, without running the program in it.

`torch.jit.load` compiles and may run what the archive holds. Only its `data.pkl` is read here, by an
unpickler that knows tensors and containers; the program's module objects become plain holders of attributes.
"""

import io
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gallery.clip.checksums import WeightsError

DTYPES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


DAMAGED = (zipfile.BadZipFile, OSError, KeyError, ValueError, RuntimeError, StopIteration, EOFError)


class _Holder:
    """Stands for a module of the program: its attributes are parameters, buffers and further modules."""


class _Type:
    """Stands for a storage class, which is only ever asked for its name."""

    def __init__(self, name: str) -> None:
        self.dtype = DTYPES[name]


def _strided(
    storage: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> Tensor:
    # as_strided itself refuses what would lie outside of the storage.
    return torch.as_strided(storage, size, stride, offset)


def _itself(value: Any, *_: object) -> Any:
    return value


CALLABLE = {
    ("torch._utils", "_rebuild_tensor_v2"): _strided,
    ("torch._utils", "_rebuild_parameter"): _itself,
    ("torch.jit._pickle", "build_intlist"): _itself,
    ("torch.jit._pickle", "build_doublelist"): _itself,
    ("torch.jit._pickle", "build_boollist"): _itself,
    ("torch.jit._pickle", "build_tensorlist"): _itself,
    ("torch.jit._pickle", "restore_type_tag"): _itself,
    ("collections", "OrderedDict"): OrderedDict,
}


class _Unpickler(pickle.Unpickler):
    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{root}/data.pkl")))
        self._archive, self._root = archive, root
        self._storages: dict[str, Tensor] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module == "__torch__" or module.startswith("__torch__."):
            return _Holder
        if module == "torch" and name in DTYPES:
            return _Type(name)
        if (module, name) in CALLABLE:
            return CALLABLE[module, name]
        raise pickle.UnpicklingError(f"it names {module}.{name}, which no module of weights needs")

    def persistent_load(self, pid: Any) -> Tensor:
        _, kind, key, *_rest = pid  # ("storage", type, key, device, number of elements)
        if key not in self._storages:
            content = bytearray(self._archive.read(f"{self._root}/data/{key}"))
            self._storages[key] = torch.frombuffer(content, dtype=kind.dtype)
        return self._storages[key]


def is_torchscript(path: Path) -> bool:
    """Whether a file is a zip archive with a program of TorchScript in it."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def read_torchscript(path: Path) -> dict[str, Tensor]:
    """Parameters and buffers by their dotted names, in the dtypes of the archive.

    Raises WeightsError where the archive is damaged, or holds anything besides modules and tensors.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            root = next(name for name in archive.namelist() if name.endswith("/data.pkl")).split("/")[0]
            module = _Unpickler(archive, root).load()
    except pickle.UnpicklingError as error:
        raise WeightsError(f"{path} was not opened: {error}.") from error
    except DAMAGED as error:
        raise WeightsError(f"{path} is a damaged TorchScript archive. {error}") from error
    except (TypeError, AttributeError, IndexError) as error:  # a pickle that is put together wrongly
        raise WeightsError(f"{path} is no TorchScript archive of a module. {error}") from error
    return dict(_tensors(module, ""))


def _tensors(module: Any, prefix: str) -> list[tuple[str, Tensor]]:
    found: list[tuple[str, Tensor]] = []
    for name, value in getattr(module, "__dict__", {}).items():
        if isinstance(value, Tensor):
            found.append((prefix + name, value))
        elif isinstance(value, _Holder):
            found += _tensors(value, f"{prefix}{name}.")
    return found
