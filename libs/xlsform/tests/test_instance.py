"""Reading what a phone sends: sound instances, and XML of all the wrong kinds."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_xlsform.instance import (
    LARGEST_BYTES,
    MOST_ELEMENTS,
    UnreadableInstance,
    read_instance,
)

SOUND = (
    b'<?xml version="1.0"?><data xmlns:orx="http://openrosa.org/xforms" id="form-1" version="3">'
    b"<staff><greeted>yes</greeted></staff><staff><greeted>no</greeted></staff>"
    b"<remark>a &lt; b, \xc4\xb1\xc4\xb0</remark>"
    b"<orx:meta><orx:instanceID>uuid:1</orx:instanceID></orx:meta></data>"
)


def test_form_version_instance_and_answers_are_read_whatever_their_namespaces() -> None:
    instance = read_instance(SOUND)
    assert (instance.form_id, instance.version, instance.instance_id) == ("form-1", "3", "uuid:1")
    assert instance.root.text_of("remark") == "a < b, ıİ"
    assert [each.text_of("greeted") for each in instance.root.each("staff")] == ["yes", "no"]


def test_an_instance_without_an_id_of_its_own_has_none() -> None:
    assert read_instance(b'<data id="form-1"><a/></data>').instance_id is None


DOCTYPE = '<?xml version="1.0" encoding="{}"?><!DOCTYPE a [<!ENTITY b "c">]><a id="x">&b;</a>'


@pytest.mark.parametrize(
    ("xml", "cause"),
    [
        (b'<!DOCTYPE a><a id="x"/>', "DOCTYPE"),
        (DOCTYPE.format("utf-8").encode(), "DOCTYPE"),
        (DOCTYPE.format("utf-16").encode("utf-16"), "DOCTYPE"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a id="x"/>', "DOCTYPE"),
        (b'<a id="x"><?php evil ?></a>', "processing instruction"),
        (b'<?xml-stylesheet href="x"?><a id="x"/>', "processing instruction"),
        (b'<a id="x">' + b"<b>" * 30, "levels"),
        (b'<a id="x">' + b"<b/>" * MOST_ELEMENTS + b"</a>", "elements"),
        (b'<a id="x">' + b" " * LARGEST_BYTES + b"</a>", "bytes"),
        (b"<a/>", "which form"),
        (b'<a id="x" encrypted="yes"/>', "encrypted"),
        (b'<a id="' + b"x" * 201 + b'"/>', "characters"),
        (b"", "no sound XML"),
        (b"\x00\xff", "no sound XML"),
        (b'<a id="x">', "no sound XML"),
        (b'<a id="x">&unknown;</a>', "no sound XML"),
        (b'<a id="x">&#0;</a>', "no sound XML"),
        (b'<a id="x">\xff</a>', "no sound XML"),
        (b'<?xml version="1.0" encoding="klingon"?><a id="x"/>', "no sound XML"),
        (b'<?xml version="1.0" encoding="utf-7"?><a id="x"/>', "no sound XML"),
    ],
)
def test_xml_that_nobody_sends_in_good_faith_is_refused(xml: bytes, cause: str) -> None:
    with pytest.raises(UnreadableInstance, match=cause):
        read_instance(xml)


@given(st.binary(max_size=300), st.integers(0, len(SOUND)))
def test_whatever_bytes_come_they_are_read_or_refused(junk: bytes, at: int) -> None:
    for xml in (junk, SOUND[:at] + junk + SOUND[at:]):
        with suppress(UnreadableInstance):
            assert read_instance(xml).form_id
