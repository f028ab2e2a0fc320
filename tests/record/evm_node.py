"""An EVM chain of this process (py-evm) behind JSON-RPC over HTTP, as a node answers."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@contextmanager
def listening(chain: Any) -> Iterator[str]:
    """The address at which the chain, a Web3 of eth-tester's, answers while the block runs."""
    ask = chain.provider.request_func(chain, chain.middleware_onion)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                said = ask(asked["method"], asked["params"])
            except Exception as problem:  # whatever the chain refuses, a node answers as an error
                said = {"error": {"code": -32000, "message": str(problem)}}
            body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], **{name: _plain(said[name]) for name in ("result", "error") if name in said}}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Nothing on the screen of the tests."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _plain(value: Any) -> Any:
    """As JSON-RPC writes it: numbers and bytes in hex."""
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, int) and not isinstance(value, bool):
        return hex(value)
    if hasattr(value, "items"):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
