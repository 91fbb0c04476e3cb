# SPDX-License-Identifier: Apache-2.0
"""Serves one file from a web server on this machine, with the faults that a test asks for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
import re
import ssl
import subprocess
import threading
import time

PATIENCE_S = 1.0  # how long a silent server stays silent


@dataclass
class Site:
    """
    What the server does; faults are used up one a request.

    :param content: the file
    :param faults: an HTTP status that is answered instead; 'cut' or 'silent' after a third of the
        file; an address to go to; '' for none
    :param ranges: whether it heeds the header Range
    :param during: called in the middle of every transfer
    :param requests: the header Range of each request so far, '' where there was none
    """

    content: bytes
    faults: list[int | str] = field(default_factory=list)
    ranges: bool = True
    during: Callable[[], None] = lambda: None
    requests: list[str] = field(default_factory=list)
    url: str = ''


def certificate(folder: Path) -> Path:
    """Return a new certificate of this machine with its key; SSL_CERT_FILE makes it trusted."""
    path = folder / 'certificate.pem'
    command = 'openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext'
    subprocess.run(
        [
            *command.split(),
            'subjectAltName=IP:127.0.0.1',
            '-keyout',
            path,
            '-out',
            path,
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return path


@contextmanager
def serving(site: Site, certificate_and_key: Path | None = None) -> Iterator[Site]:
    """
    Serve the site at site.url, on a port of its own, for the length of a `with`.

    :param certificate_and_key: for HTTPS; else it is HTTP
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get('Range', '')
            site.requests.append(asked)
            fault = site.faults.pop(0) if site.faults else ''
            if isinstance(fault, str) and fault.startswith('http'):
                self.send_response(302)
                self.send_header('Location', fault)
                self.end_headers()
                return
            if isinstance(fault, int):
                self.send_error(fault)
                return
            start = 0
            if site.ranges and (match := re.fullmatch(r'bytes=(\d+)-', asked)):
                start = int(match[1])
            body = site.content[start:]
            self.send_response(206 if start else 200)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            third = len(body) // 3
            self.wfile.write(body[:third])
            self.wfile.flush()
            site.during()
            if fault == 'silent':
                time.sleep(PATIENCE_S)
            if not fault:
                self.wfile.write(body[third:])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        scheme = 'http'
        if certificate_and_key:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate_and_key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            scheme = 'https'
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        site.url = f'{scheme}://127.0.0.1:{server.server_port}/file'
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
