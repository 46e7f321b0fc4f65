"""The services of this package in FastAPI, written as its tutorial has it: as
it was when Debian's version was new, before Annotated.

fastapi.py version          prints what it is made of
fastapi.py serve < job      serves the listener that is file 3
fastapi.py start < job      makes a large service and prints what it took
fastapi.py drive < job      sends as many requests as each line says, without a
                            socket, and prints what they cost
"""

import base64
import json
import os
import resource
import socket
import sys
import threading
import time
from typing import Literal

import email_validator
import fastapi
import httptools
import multipart
import pydantic
import starlette
import uvicorn
import uvloop
from fastapi import Depends, FastAPI, File, Form, HTTPException, Path, Query, UploadFile
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, EmailStr, StrictInt, confloat, conint, conlist, constr


class Item(BaseModel):
    name: constr(strict=True, min_length=1, max_length=50)
    email: EmailStr
    price: confloat(ge=0, le=100000)
    quantity: conint(strict=True, ge=1, le=1000)
    category: Literal["books", "electronics", "garden", "toys"]
    tags: conlist(constr(min_length=1, max_length=20), max_items=5)


class Greeting(BaseModel):
    message: str


class Search(BaseModel):
    id: int
    q: str
    limit: int


class Count(BaseModel):
    count: int


class Address(BaseModel):
    street: str
    city: str
    zip: str
    country: str


class Customer(BaseModel):
    name: str
    email: EmailStr
    phone: str | None
    vip: bool
    address: Address


class Shipping(BaseModel):
    carrier: str
    express: bool
    weight: float
    tracking: str | None


class Payment(BaseModel):
    method: str
    amount: float
    paid: bool
    reference: str | None


class OrderLine(BaseModel):
    sku: str
    title: str
    quantity: conint(strict=True, ge=1, le=1000)
    price: float
    tax: float
    discount: float | None


class Order(BaseModel):
    id: constr(max_length=40)
    placed: str
    currency: Literal["EUR", "GBP", "USD"]
    note: str | None
    customer: Customer
    shipping: Shipping
    payment: Payment
    lines: conlist(OrderLine, min_items=1, max_items=50)


class Uploaded(BaseModel):
    title: str
    name: str
    size: int


class Account(BaseModel):
    name: str
    roles: list[str]


accounts = {
    "a-token-of-ann": Account(name="ann", roles=["reader", "editor"]),
    "a-token-of-bob": Account(name="bob", roles=["reader"]),
}

stock = [
    Item(
        name="Mechanical keyboard",
        email="sales@shop.example.com",
        price=99.5 + i,
        quantity=i + 1,
        category="electronics",
        tags=["keyboards", "wireless"],
    )
    for i in range(100)
]

oddities = [
    item.copy(update={"name": 'Größe "XL" <neu> & \\ клавиатура\n無線 😀', "tags": ["tab\there", "«ёлка»"]})
    for item in stock
]

bearer = HTTPBearer(auto_error=False)


async def token(credentials: HTTPAuthorizationCredentials | None = Depends(bearer)) -> str:
    if credentials is None:
        raise HTTPException(401, "a bearer token is missing", {"WWW-Authenticate": "Bearer"})
    return credentials.credentials


async def account(token: str = Depends(token)) -> Account:
    if token not in accounts:
        raise HTTPException(401, "the token is unknown", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return accounts[token]


async def editor(account: Account = Depends(account)) -> Account:
    if "editor" not in account.roles:
        raise HTTPException(403, "the account may not do this")
    return account


def items() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def hello() -> Greeting:
        return Greeting(message="Hello, World")

    @app.get("/items/{id}")
    async def search(
        id: int = Path(ge=1),
        q: str = Query("", max_length=50),
        limit: int = Query(20, ge=1, le=100),
    ) -> Search:
        return Search(id=id, q=q, limit=limit)

    @app.get("/items")
    async def list_items() -> list[Item]:
        return stock

    @app.post("/items")
    async def create(item: Item) -> Item:
        return item

    @app.post("/items/batch")
    async def batch(items: list[Item]) -> Count:
        return Count(count=len(items))

    @app.get("/me")
    async def me(account: Account = Depends(editor)) -> Account:
        return account

    @app.get("/oddities")
    async def odd() -> list[Item]:
        return oddities

    @app.post("/orders", response_model_exclude_none=True)
    async def order(order: Order) -> Order:
        return order

    @app.post("/stock")
    async def count(stock: dict[str, StrictInt]) -> Count:
        return Count(count=len(stock))

    @app.post("/upload")
    async def upload(title: str = Form(), file: UploadFile = File()) -> Uploaded:
        return Uploaded(title=title, name=file.filename, size=file.size)

    return app


class Hit(BaseModel):
    route: str
    values: list[str] | None


def hub(routes) -> FastAPI:
    app = FastAPI()

    def handler(name, wildcards):
        async def none() -> Hit:
            return Hit(route=name)

        async def one(a: str) -> Hit:
            return Hit(route=name, values=[a])

        async def two(a: str, b: str) -> Hit:
            return Hit(route=name, values=[a, b])

        async def three(a: str, b: str, c: str) -> Hit:
            return Hit(route=name, values=[a, b, c])

        return [none, one, two, three][wildcards]

    for route in routes:
        name = route["method"] + " " + route["path"]
        app.add_api_route(
            route["path"],
            handler(name, len(route["wildcards"] or [])),
            methods=[route["method"]],
            response_model_exclude_none=True,
        )
    return app


def large(groups) -> FastAPI:
    app = FastAPI(title="Large", version="1.0.0")
    for i in range(groups):
        path = f"/group-{i}"

        @app.get(path)
        async def list_items(q: str = Query("", max_length=50), limit: int = Query(20, ge=1, le=100)) -> list[Item]:
            return []

        @app.post(path)
        async def create(item: Item) -> Item:
            return item

        @app.get(path + "/{id}")
        async def read(id: int = Path(ge=1)) -> Item:
            return stock[0]

        @app.delete(path + "/{id}", status_code=204)
        async def remove(id: int = Path(ge=1)) -> None:
            pass

    return app


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def start(job):
    before, begin = resident(), time.process_time_ns()
    app = large(job["groups"])
    document = json.dumps(app.openapi())
    took = time.process_time_ns() - begin
    text = base64.b64encode(document.encode()).decode()
    print(json.dumps({"time": took, "memory": resident() - before, "document": text}))


def service(job) -> FastAPI:
    return hub(job["routes"]) if job["service"] == "hub" else items()


def serve(job):
    # Whoever asked for the server is gone when there is nothing more to read.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    config = uvicorn.Config(service(job), loop="uvloop", http="httptools", log_level="error", access_log=False)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=3)])


def scope(request):
    path, _, query = request["target"].partition("?")
    headers = [(b"host", b"localhost"), (b"content-length", str(len(request["body"].encode())).encode())]
    for line in request["header"].splitlines():
        name, _, value = line.partition(": ")
        headers.append((name.lower().encode(), value.encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1024),
        "scheme": "http",
        "root_path": "",
        "method": request["method"],
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
    }


async def drive(job):
    app = service(job)
    requests = [(scope(request), request["body"].encode()) for request in job["requests"]]
    status = turn = 0

    async def send(message):
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]

    for line in sys.stdin:
        start = time.process_time_ns()
        for _ in range(int(line)):
            scope_, body = requests[turn]
            turn = (turn + 1) % len(requests)

            async def receive():
                return {"type": "http.request", "body": body, "more_body": False}

            await app(scope_.copy(), receive, send)
        print(json.dumps({"time": time.process_time_ns() - start, "allocs": -1, "status": status}), flush=True)


def version():
    print(
        f"FastAPI {fastapi.__version__}, Starlette {starlette.__version__}, pydantic {pydantic.VERSION}"
        f" ({'compiled' if pydantic.compiled else 'not compiled'}), uvicorn {uvicorn.__version__}"
        f" with uvloop {uvloop.__version__} and httptools {httptools.__version__},"
        f" Python {sys.version.split()[0]}, all as Debian has them"
    )


if __name__ == "__main__":
    role = sys.argv[1]
    if role == "version":
        version()
    elif role == "serve":
        serve(json.loads(sys.stdin.readline()))
    elif role == "start":
        start(json.loads(sys.stdin.readline()))
    elif role == "drive":
        job = json.loads(sys.stdin.readline())
        loop = uvloop.new_event_loop()
        loop.run_until_complete(drive(job))
