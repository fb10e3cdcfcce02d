"""A tool that fetches web pages: from public addresses only, with limits of size and time."""
# Prints:
#   PermissionError: 127.0.0.1 is no public address
#   a long page: 20000 characters of 'x'

import asyncio
import ipaddress
import sys

import httpx

import enplace
from enplace import FunctionTool, ScriptedModel
from enplace.providers.scripted import call

MOST_BYTES, MOST_S, MOST_REDIRECTS = 20_000, 10.0, 3
ALLOWED_HERE = set[str]()  # this page has a server of its own; leave it empty


async def address_of(url: httpx.URL) -> str:
    """Where a host is. All of its addresses must be public, and the one that was checked is used."""
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    found = await asyncio.get_running_loop().getaddrinfo(url.host, port)
    for *_, (name, *_) in found:
        address = ipaddress.ip_address(name)
        if (not address.is_global or address.is_multicast) and name not in ALLOWED_HERE:
            raise PermissionError(f"{name} is no public address")
    return found[0][4][0]


async def fetch(url: str) -> str:
    """Fetch a page of the web; a long one is cut."""
    headers = {"Accept-Encoding": "identity"}  # what is small on the way may be huge unpacked
    async with asyncio.timeout(MOST_S), httpx.AsyncClient(trust_env=False) as client:
        asked = httpx.URL(url)
        for _ in range(MOST_REDIRECTS + 1):
            there = asked.copy_with(host=await address_of(asked))
            named = {**headers, "Host": asked.netloc.decode()}
            sni = {"sni_hostname": asked.host}
            async with client.stream("GET", there, headers=named, extensions=sni) as answer:
                if answer.has_redirect_location:
                    asked = asked.join(answer.headers["Location"])
                    continue
                body = bytearray()
                async for piece in answer.aiter_raw():
                    body += piece
                    if len(body) >= MOST_BYTES:
                        break
                return body[:MOST_BYTES].decode(errors="replace")
    raise ValueError("too many redirects")


async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server: it redirects to a page that is long."""
    asked = await reader.readuntil(b"\r\n\r\n")
    if asked.startswith(b"GET / "):
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /long\r\nContent-Length: 0\r\n\r\n")
    else:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + b"x" * 90_000)
    writer.close()


async def main(home: str) -> None:
    """The model asks for the same page twice; in between somebody allows this machine."""
    async with await asyncio.start_server(page, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        asked = [call((f"c{n}", "fetch", {"url": url})) for n in range(2)]
        model = ScriptedModel([*asked, "Done."])
        tools = [FunctionTool(fetch, idempotent=True)]
        async with enplace.open(home, model=model, tools=tools) as engine:
            async for event in engine.owner("Ada").execute("web", "What stands there?"):
                if event.kind == "tool_result" and event.is_error:
                    print(event.output)
                    ALLOWED_HERE.add("127.0.0.1")
                elif event.kind == "tool_result":
                    print(f"a long page: {len(event.output)} characters of {event.output[0]!r}")


asyncio.run(main(sys.argv[1]))
