"""Every fact version ever released is read by this build as it was meant."""

import base64

import pytest

from tools import corpus


def test_this_build_reads_everything_ever_released() -> None:
    assert corpus.released()
    assert corpus.misread() == []


@pytest.mark.parametrize("spoil", ["another value", "a lost field", "a fact taken away"])
def test_the_detector_notices_what_is_misread(spoil: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, shape = next(iter(corpus.shapes().items()))
    said = dict(shape["said"])  # type: ignore[call-overload]
    if spoil == "another value":
        said["revision"] = "99"
        data = shape["data"]
    elif spoil == "a fact taken away":
        name, data = "halcyon.referral.events.v1.Forgotten", shape["data"]
    else:
        data = base64.b64encode(b"").decode()
    monkeypatch.setattr(corpus, "released", lambda: {"0": {name: {"data": data, "said": said}}})
    assert corpus.misread() == [f"0: {name}"]
