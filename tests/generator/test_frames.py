import io

import numpy as np
import pytest
from PIL import Image as Pillow

from generator import progress
from generator.progress import Frame, FrameError


def test_a_frame_comes_back_from_its_bytes():
    frame = Frame(step=40, total=2000, loss=0.8125, picture=b"\xff\xd8 picture")
    assert Frame.from_bytes(frame.to_bytes()) == frame


def test_the_header_is_what_the_page_reads():
    data = Frame(step=1, total=258, loss=0.5, picture=b"P").to_bytes()
    assert data == b"CWF\x01" + b"\0\0\0\x01" + b"\0\0\x01\x02" + b"\x3f\0\0\0" + b"P"


@pytest.mark.parametrize("data", [b"", b"CWF\x01", b"CWF\x02" + bytes(12), b"PNG\x01" + bytes(20)])
def test_other_bytes_are_refused(data):
    with pytest.raises(FrameError):
        Frame.from_bytes(data)


def test_a_preview_shows_the_picture():
    pixels = np.zeros((32, 64, 3), dtype=np.uint8)
    pixels[:, 32:] = (200, 30, 30)
    with Pillow.open(io.BytesIO(progress.encode_preview(pixels))) as preview:
        assert preview.size == (64, 32)
        assert np.abs(np.asarray(preview, dtype=int) - pixels).max() < 12
