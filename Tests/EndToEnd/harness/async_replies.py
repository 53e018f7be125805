"""Reads HTTP/1.1 replies from asyncio's streams."""


async def read_head(reader) -> tuple:
    """The status, the head's bytes and its fields by their names in lower case; heads of 1xx are passed over."""
    head = b"HTTP/1.1 1"
    while head.startswith(b"HTTP/1.1 1"):
        head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split(" ")[1]), head, fields


async def read_body(reader, fields: dict) -> bytes:
    """The body of a reply that has a length or comes in chunks."""
    if "content-length" in fields:
        return await reader.readexactly(int(fields["content-length"]))
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    while await reader.readuntil(b"\r\n") != b"\r\n":
        continue
    return body
