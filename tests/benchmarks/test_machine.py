"""Where figures are kept: by kind of device, and marked where the code has changed since."""

import json
from types import SimpleNamespace

import jax
import pytest

from benchmarks import machine
from benchmarks.kept import code
from benchmarks.readme import page


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "RESULTS", tmp_path)
    return tmp_path


def test_an_accelerator_does_not_overwrite_what_a_cpu_took(results, monkeypatch):
    machine.publish("table2", "One gradient", [{"seconds": 2.0}])
    card = SimpleNamespace(platform="gpu", device_kind="NVIDIA H100")
    monkeypatch.setattr(jax, "devices", lambda: [card])
    machine.publish("table2", "One gradient", [{"seconds": 1.0}])
    kept = {file.stem: json.loads(file.read_text())["rows"] for file in results.iterdir()}
    assert kept == {"table2": [{"seconds": 2.0}], "table2_gpu": [{"seconds": 1.0}]}
    told = page(results)
    assert told.index("## One gradient\n") < told.index("## One gradient, on NVIDIA H100\n")


def test_a_table_made_with_other_code_is_marked(results):
    machine.publish("table2", "One gradient", [{"seconds": 2.0}])
    assert f"code {code()}.\n" in page(results) and "earlier" not in page(results)
    file = results / "table2.json"
    record = json.loads(file.read_text())
    file.write_text(json.dumps(record | {"conditions": {"code": "0" * 12}}))
    assert "(measured with earlier code)" in page(results)
