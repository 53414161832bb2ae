"""A downstream that writes down what arrives: one JSON object a line, {"at", "path", "headers", "body"}.

usage: receiver.py LOG [--listen HOST:PORT] [--latency SECONDS]

Answers 200 to every POST, after the line is written. Prints "listening on HOST:PORT"; port 0 is any free one.
"""
import argparse
import asyncio
import json
import time


async def read_request(reader):
    """(path, headers, body) of the next request; None when the client has closed."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:] if line)
    body = await reader.readexactly(int(headers.get("Content-Length", 0)))
    return lines[0].split(" ")[1], headers, body.decode()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--listen", default="127.0.0.1:0")
    parser.add_argument("--latency", type=float, default=0)
    options = parser.parse_args()
    log = open(options.log, "a", buffering=1)

    async def serve(reader, writer):
        try:
            while request := await read_request(reader):
                path, headers, body = request
                log.write(json.dumps({"at": time.time(), "path": path, "headers": headers, "body": body}) + "\n")
                await asyncio.sleep(options.latency)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except ConnectionError:
            pass  # the relay was killed
        writer.close()

    host, port = options.listen.rsplit(":", 1)
    server = await asyncio.start_server(serve, host, int(port), backlog=512)
    print("listening on %s:%d" % server.sockets[0].getsockname()[:2], flush=True)
    await server.serve_forever()


asyncio.run(main())
