"""The ceiling of intake: a Flask view that parses JSON and answers JSON, and keeps nothing."""

from flask import Flask, Response, jsonify, request

app = Flask(__name__)


@app.get("/healthz")
def healthz() -> str:
    return "ok"


@app.post("/hooks/bench")
def receive() -> Response:
    lead = request.get_json()
    return jsonify(delivery=lead["id"], leads=[{"id": lead["id"], "state": "received", "duplicate": False}])
