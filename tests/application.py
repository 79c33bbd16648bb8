"""The web application and the commands over the parts of a test."""

from flask import Flask

from app import create_app
from config.settings import read
from flow.gateway import Gateway

API_TOKEN = "a-token-of-the-tests"
SETTINGS = {
    "DATABASE_URL": "sqlite:///var/unused.db",
    "VOICE_API_URL": "http://127.0.0.1:9/",
    "VOICE_API_KEY": "key",
    "SECRET_KEY": "s" * 32,
    "DIGEST_KEY": "d" * 32,
    "API_TOKEN": API_TOKEN,
}


class Application:
    """`over(parts)`: the application over these parts. It is made once, for describing its API takes its time, and
    is as new each time: what a test said in its config is forgotten."""

    def __init__(self) -> None:
        self._app: Flask | None = None
        self._config: dict[str, object] = {}

    def over(self, parts: Gateway) -> Flask:
        if self._app is None:
            self._app = create_app(read(SETTINGS, dotenv=None), parts)
            self._config = dict(self._app.config)
        self._app.config.clear()
        self._app.config.update(self._config)
        self._app.extensions["gateway"] = parts
        for counted in ("metrics", "wrong_tokens"):  # of the parts before
            self._app.extensions.pop(counted, None)
        return self._app
