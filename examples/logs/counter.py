"""Counts page views. Its requests hold one log line each, {"line": number, "path": "/…"}; a line is counted once,
however often it comes: what was in flight when a relay died comes again.

usage: counter.py; GET / answers {"views": {path: n}, "lines": n, "requests": n, "again": n}.
Prints "listening on HOST:PORT".
"""
import collections
import http.server
import json

views = collections.Counter()
seen = set()
requests = again = 0


class Counter(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        global requests, again
        requests += 1
        for line in self.rfile.read(int(self.headers["Content-Length"])).splitlines():
            entry = json.loads(line)
            if entry["line"] in seen:
                again += 1
            else:
                seen.add(entry["line"])
                views[entry["path"]] += 1
        self.answer({})

    def do_GET(self):
        self.answer({"views": views, "lines": len(seen), "requests": requests, "again": again})

    def answer(self, what):
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True


server = Server(("127.0.0.1", 0), Counter)
print("listening on %s:%d" % server.server_address, flush=True)
server.serve_forever()
