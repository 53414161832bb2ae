"""A mail server for tests (Debian: python3-aiosmtpd): says its port, then each mail it takes as a line of JSON.

mail_server.py [USER PASSWORD]: with these two nobody is let in without them.
What the first part of a recipient's address is decides: `later` 450, `nobody` 550, `full` 452 after the text, `spam` 554
after it, `first` 450 at the first time and 250 from then on; anybody else is taken.
"""
import asyncio
import base64
import json
import sys

from aiosmtpd.smtp import AuthResult, SMTP


class Box:
    def __init__(self):
        self.seen = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "later" or (name == "first" and address not in self.seen):
            self.seen.add(address)
            return "450 4.2.0 come back later"
        if name == "nobody":
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name == "full":
            return "452 4.3.1 no room"
        if name == "spam":
            return "554 5.7.1 not this"
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": base64.b64encode(envelope.content).decode(),
        }
        print("mail " + json.dumps(mail), flush=True)
        return "250 OK"


def gate(user, password):
    def check(server, session, envelope, mechanism, data):
        right = data.login == user.encode() and data.password == password.encode()
        return AuthResult(success=right, handled=right)

    return check


async def main():
    box, options = Box(), {}
    if len(sys.argv) > 2:
        options = {
            "authenticator": gate(sys.argv[1], sys.argv[2]),
            "auth_required": True,
            "auth_require_tls": False,
        }
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(box, hostname="mail.test", **options), "127.0.0.1", 0
    )
    print("mail server on 127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
