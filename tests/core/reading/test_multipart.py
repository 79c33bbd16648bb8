"""How many parts a body may have is known before any is read."""

import pytest

from core.reading.multipart import fields
from core.reading.tree import MAX_KEYS, Unreadable

PART = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'


@pytest.mark.parametrize("before", [b"", b"\r\n", b"a preamble\r\n"])
def test_as_many_parts_as_a_form_may_have_keys(before):
    assert len(fields(before + PART * MAX_KEYS + b"--b--\r\n", b"b")) == MAX_KEYS


@pytest.mark.parametrize("more", [1, 2, 4_000])
def test_more_of_them_are_refused(more):
    with pytest.raises(Unreadable, match="body_too_many_fields"):
        fields(PART * (MAX_KEYS + more) + b"--b--\r\n", b"b")
