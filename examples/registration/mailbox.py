"""A mail server that writes down what arrives: one JSON object a line, {"at", "from", "to", "id", "subject", "text"}.

usage: mailbox.py LOG; prints "listening on HOST:PORT"
"""
import asyncio
import email
import email.policy
import json
import sys
import time

from aiosmtpd.smtp import SMTP


class Mailbox:
    def __init__(self, path):
        self.log = open(path, "a", buffering=1)

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.log.write(json.dumps({"at": time.time(), "from": envelope.mail_from, "to": envelope.rcpt_tos,
                                   "id": mail["Message-ID"], "subject": mail["Subject"],
                                   "text": mail.get_content().strip()}) + "\n")
        return "250 taken"


async def main():
    mailbox = Mailbox(sys.argv[1])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, hostname="mail.example.com"), "127.0.0.1", 0)
    print("listening on %s:%d" % server.sockets[0].getsockname()[:2], flush=True)
    await server.serve_forever()


asyncio.run(main())
