// The clients of .ci/stream-clients that run in Node: NAME URL PID. PID is the server, which they end.
const assert = require("node:assert/strict");
const net = require("node:net");
const {once} = require("node:events");
const {EventSource} = require("eventsource");
const {WebSocket} = require("ws");

const [name, home, pid] = process.argv.slice(2);

// patience fails a promise that nothing keeps. It is for a machine with everything else to do.
function patience(promise, what) {
  let timer;
  const over = new Promise((_, refuse) => { timer = setTimeout(refuse, 60_000, new Error(what + " never came")); });
  return Promise.race([promise, over]).finally(() => clearTimeout(timer));
}

// cutter stands before the server and cuts its connections.
async function cutter() {
  const sockets = new Set();
  const {hostname, port} = new URL(home);
  const server = net.createServer(client => {
    const upstream = net.connect(port, hostname);
    for (const [from, to] of [[client, upstream], [upstream, client]]) {
      sockets.add(from);
      from.on("error", () => {}).on("close", () => { sockets.delete(from); to.destroy(); }).pipe(to);
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    front: `http://127.0.0.1:${server.address().port}`,
    cut: () => sockets.forEach(socket => socket.resetAndDestroy()),
    close: () => server.close(),
  };
}

async function eventsource() {
  const {front, cut, close} = await cutter();
  const source = new EventSource(front + "/rooms/node/events");
  const heard = [], said = [];
  let opened = 0, arrived;
  source.onopen = () => { opened++; };
  source.onmessage = event => { heard.push(JSON.parse(event.data).text); arrived?.(); };
  const say = async () => {
    const text = String(said.length);
    said.push(text);
    const answer = await fetch(home + "/rooms/node/messages", {
      method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({from: "ann", text}),
    });
    assert.equal(answer.status, 201);
  };
  const all = () => patience(new Promise(done => {
    arrived = () => { if (heard.length >= said.length) done(); };
    arrived();
  }), "an event");

  await patience(new Promise(done => source.addEventListener("open", done, {once: true})), "the stream");
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 10; i++) await say();
    cut();
    for (let i = 0; i < 10; i++) await say();
    await all();
  }
  assert.deepEqual(heard, said);
  assert.equal(opened, 3);

  const ended = patience(new Promise(done => source.addEventListener("error", done, {once: true})), "the end");
  process.kill(pid, "SIGTERM");
  await ended;
  source.close();
  close();
}

async function ws() {
  const socket = query => new WebSocket(home.replace("http", "ws") + "/api/rooms/node" + query);
  const [ann, bob] = ["ann", "bob"].map(name => socket("?name=" + name));
  await patience(Promise.all([ann, bob].map(client => once(client, "open"))), "a socket");
  const messages = client => ({next: () => patience(once(client, "message"), "a message").then(([data]) => JSON.parse(data))});
  // Bob's own message shows that he is in; what ann says then, both hear.
  let heard = messages(bob).next();
  bob.send(JSON.stringify({text: "here"}));
  assert.deepEqual(await heard, {from: "bob", text: "here"});
  heard = messages(bob).next();
  ann.send(JSON.stringify({text: "hello, \u{1F375}"}));
  assert.deepEqual(await heard, {from: "ann", text: "hello, \u{1F375}"});

  const pong = patience(once(ann, "pong"), "a pong");
  ann.ping("still there?");
  assert.equal(String(await pong), "still there?");

  const refused = socket("?name=");
  const [, answer] = await patience(once(refused, "unexpected-response"), "a refusal");
  assert.equal(answer.statusCode, 422);
  answer.resume();
  refused.on("error", () => {}).terminate();

  let closed = patience(once(ann, "close"), "a close");
  ann.send(Buffer.from([1, 2, 3]));
  assert.equal((await closed)[0], 1003);

  closed = patience(once(bob, "close"), "a close");
  process.kill(pid, "SIGTERM");
  const [code, reason] = await closed;
  assert.deepEqual([code, String(reason)], [1001, "the server is stopping"]);
}

({eventsource, ws})[name]().then(
  () => console.log(name + ": all as it should be"),
  error => { console.error(error); process.exit(1); },
);
