"""Keys and addresses of servers: used, never shown, never kept."""

import pytest

from incentax._errors import ModelError
from incentax.users.backends import (
    Cache,
    HttpModel,
    LanguageUsers,
    save_trace,
)
from incentax.users.backends.loopback import LoopbackServer
from incentax.users.backends.patience import Patience
from incentax.users.backends.wire import Reply, Wire
from incentax.users.prompts import find_template, render

from .many import queries
from .stub import scorer

QUICK = Patience(first_wait=0.001, timeout=5.0)
TEMPLATE = "movies-compact"


def test_the_key_never_leaves_the_header(monkeypatch, tmp_path, caplog):
    secret = "sk-very-secret-0123456789"
    monkeypatch.setenv("TINY_KEY", secret)
    path = tmp_path / "a.db"
    with LoopbackServer(scorer, key=secret) as server:
        model = HttpModel(server.url, "tiny", key_variable="TINY_KEY", patience=QUICK)
        rater = LanguageUsers(model, TEMPLATE, cache=Cache(path))
        assert rater.react(queries(5)).valid.all()
        save_trace(rater.cache, tmp_path / "t.gz", rater.model.identity)
        server.key = "another"
        with pytest.raises(ModelError, match="status 401") as caught:
            rater.react(queries(5, start=50))
        rater.close()
    import gzip

    shown = [str(caught.value), repr(caught.value), rater.identity, repr(vars(model)), caplog.text]
    shown += [gzip.decompress((tmp_path / "t.gz").read_bytes()).decode()]
    stored = b"".join(p.read_bytes() for p in tmp_path.glob("a.db*"))
    assert not any(secret in text for text in shown) and secret.encode() not in stored


@pytest.mark.parametrize("before", [0, 185, 190, 199])
def test_a_key_that_a_server_repeats_is_hidden_before_its_words_are_cut(before, monkeypatch):
    """Cut first, a key across the edge would be shown in part."""
    secret = "sk-very-secret-0123456789"
    monkeypatch.setenv("TINY_KEY", secret)

    async def refuse(self, method, path, body, headers):
        return Reply(403, {}, ("." * before + secret + " is not allowed").encode())

    monkeypatch.setattr(Wire, "request", refuse)
    model = HttpModel("http://localhost:1/v1", "tiny", key_variable="TINY_KEY", patience=QUICK)
    with pytest.raises(ModelError, match="status 403") as caught:
        model.probe()
    model.close()
    assert secret[:8] not in str(caught.value)
    monkeypatch.setenv("TINY_KEY", "two\nlines")
    with pytest.raises(ModelError, match="expected a key of printable ASCII in TINY_KEY") as caught:
        model.probe()
    model.close()
    assert "two" not in str(caught.value)


def test_a_key_in_a_servers_answer_is_not_kept(monkeypatch, tmp_path):
    secret = "sk-very-secret-0123456789"
    monkeypatch.setenv("TINY_KEY", secret)
    # Names of headers, and now and then whole headers, come back in other letters.
    chatty = f"7 and your key is {secret.upper()}"
    path = tmp_path / "a.db"
    with LoopbackServer(lambda bodies: [{chatty: 1.0} for _ in bodies]) as server:
        server.show_probabilities = False
        model = HttpModel(server.url, "tiny", key_variable="TINY_KEY", patience=QUICK)
        rater = LanguageUsers(model, TEMPLATE, cache=Cache(path))
        rater.react(queries(1))
        assert any("***" in answer.text for _, answer in rater.cache.items())
        prompt = render(queries(1)[0], find_template(TEMPLATE))
        assert model.generate(prompt) == "7 and your key is ***"
        server.model = secret
        with pytest.raises(ModelError, match="expected a model of the server") as caught:
            model.probe()
        assert secret not in str(caught.value)
        rater.close()
    stored = b"".join(p.read_bytes() for p in tmp_path.glob("a.db*"))
    assert secret.encode() not in stored.lower()


@pytest.mark.parametrize("sign", ["https://me:sk-secret@host/v1", "http://host/v1?key=sk-secret"])
def test_a_base_url_with_a_key_is_refused_and_not_shown(sign):
    for url in (sign, sign.replace("http", "ftp")):
        with pytest.raises(ValueError, match="without credentials") as caught:
            HttpModel(url, "tiny")
        assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://[::1", "http://host:99999/v1", "ftp://host/v1", "host/v1"])
def test_a_base_url_that_is_none_says_what_one_is(url):
    with pytest.raises(ValueError, match="expected .* got .*; try http://localhost:8000/v1"):
        HttpModel(url, "tiny")
