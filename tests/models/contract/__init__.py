"""What every model backend does, whatever engine is behind it: one test module, one small file per backend.

`subject.py` says what a subject is, `backends.py` lists them, the files named after backends make them,
`test_contract.py` holds the behaviour, and `python -m tests.models.contract` prints it as a table.

A backend whose engine cannot run here is tested against a fake on loopback, `tests/models/fake_NAME.py`. It subclasses
`tests.models.fake_openai.Server`, which has connections, faults and counting, and overrides only

    answer(request) -> Reply    the wire format. Generation requests take `self.replies.popleft()` first, if there is
                                one; else they answer with `echo(text of the last user message, stop)`, its token
                                counts in that API's own usage fields (prompt and completion above 0).
    chats                       the generation requests among `requests` (not health, info, token counts).

and, beside it, a function `error(status, message, *, headers=None) -> Reply`: an error body as that API documents it.

Faults to order, put into `server.replies` once for each failing attempt:

    error(429, ...), error(429, ..., headers={"Retry-After": "0.05"}), error(500, ...)
    HANG                        no reply until the server goes
    DROP                        the connection closes without a reply
    Reply(200, BODY, cut=True)  the connection closes in the middle of the body

`async with running(server)` listens (port 0: from the OS, kept afterwards); leaving it closes every connection at
once; entering it again with the same server is a restart on the same port.
"""
