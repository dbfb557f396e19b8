"""No webhook reaches anything but the public internet, unless the operator allows it."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_notification.addresses import UrlRefused, check_url, is_public

FORBIDDEN = [
    "127.0.0.1", "127.255.255.254", "0.1.2.3", "10.0.0.1", "172.16.0.1",
    "172.31.255.255", "192.168.1.1", "169.254.169.254", "169.254.0.1", "100.64.0.1",
    "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
    "2001:0:53aa:64c:0:0:80ff:fffe", "100::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.128.0.1",
    "2606:4700:4700::1111", "2a00:1450:4001:80e::200e", "::ffff:8.8.8.8", "64:ff9b::808:808",
]  # fmt: skip


@pytest.mark.parametrize("text", [*FORBIDDEN, "0.0.0.0"])  # noqa: S104 (nothing is bound)
def test_an_address_that_is_not_public_is_refused(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_taken(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_clothes_is_judged_as_what_it_is(
    address: ipaddress.IPv4Address,
) -> None:
    for clothes in ("::ffff:0:0", "64:ff9b::"):
        dressed = ipaddress.IPv6Address(int(ipaddress.IPv6Address(clothes)) | int(address))
        assert is_public(dressed) == is_public(address)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/", "https"),
        ("ftp://example.com/", "https"),
        ("file:///etc/passwd", "https"),
        ("example.com/hook", "https"),
        ("https://", "host"),
        ("https:///path", "host"),
        ("https://user@example.com/", "password"),
        ("https://user:secret@example.com/", "password"),
        ("https://@example.com/", "password"),
        ("https://example.com/#top", "fragment"),
        ("https://example.com/#", "fragment"),
        ("https://example.com:22/", "port"),
        ("https://example.com:80/", "port"),
        ("https://example.com:0/", "port"),
        ("https://example.com:99999/", "ort"),
        ("https://example.com:x/", "ort"),
        ("https://127.0.0.1/", "public"),
        ("https://[::1]/", "public"),
        ("https://[::ffff:10.0.0.1]/", "public"),
        ("https://169.254.169.254/latest/meta-data/", "public"),
        ("https://2130706433/", "usual form"),
        ("https://0x7f000001/", "usual form"),
        ("https://127.1/", "usual form"),
        ("https://0177.0.0.1/", "IPv4"),
        ("https://example.com/ hook", "ASCII"),
        ("https://example.com/\r\nHost: x", "ASCII"),
        ("https://exämple.com/", "ASCII"),
        ("https://example.com/" + "a" * 2_000, "2000"),
    ],
)
def test_a_bad_url_is_refused_with_its_reason(url: str, why: str) -> None:
    with pytest.raises(UrlRefused, match=why):
        check_url(url, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/hook?token=1",
        "https://example.com:8443/hook",
        "https://example.com:443/",
        "https://1.1.1.1/",
        "https://[2606:4700:4700::1111]/",
        "HTTPS://EXAMPLE.COM/",
        "https://xn--exmple-cua.com/",
    ],
)
def test_a_public_https_url_is_taken(url: str) -> None:
    check_url(url, allow_private=False)


def test_private_targets_are_taken_where_the_operator_allows_them() -> None:
    for url in ("http://127.0.0.1:80/", "http://localhost/", "https://10.0.0.1:22/"):
        check_url(url, allow_private=True)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://u:p@127.0.0.1/", "http://a/#b"])
def test_even_then_only_plain_http_urls_are_taken(url: str) -> None:
    with pytest.raises(UrlRefused):
        check_url(url, allow_private=True)


@given(st.text(max_size=60))
def test_no_text_makes_the_check_fail_otherwise(text: str) -> None:
    for url in (text, f"https://{text}", f"https://example.com:{text}"):
        try:
            check_url(url, allow_private=False)
        except UrlRefused:
            continue
