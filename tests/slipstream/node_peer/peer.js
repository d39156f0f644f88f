// A Slipstream peer that shares no code with the library: the ws package and JSON, nothing else.
//
//   node peer.js serve           listens on loopback and prints {"port": …}
//   node peer.js connect URL     makes one call of every kind and prints {"results": […]}
//
// Both ends answer `add`, `count` and `echo`. It ends when its standard input does.
"use strict";

const { randomUUID } = require("node:crypto");
const WebSocket = require("ws");

const HELLO = { version: 1, credit: 256, maxFrame: 1048576, software: "node peer" };

class Peer {
  constructor(socket) {
    this.socket = socket;
    this.id = randomUUID();
    this.counter = 0;
    this.greeted = false;
    this.waiting = new Map(); // counter -> what its frames are handed to
    this.streams = new Map(); // requestId as text -> what is still to be sent, and how far it may go
    this.credit = Infinity; // items on each stream, before its first credit
    socket.on("message", (bytes) => this.receive(JSON.parse(bytes.toString("utf8"))));
    socket.on("error", () => socket.terminate());
  }

  send(type, requestId, data = null) {
    const frame = { type, requestId, peerID: this.id, data };
    if (!this.greeted) frame.meta = { hello: HELLO };
    this.greeted = true;
    this.socket.send(JSON.stringify(frame));
  }

  // Sends the items of a stream as far as the other side lets it.
  pump(key) {
    const stream = this.streams.get(key);
    if (!stream) return;
    for (; stream.sent < stream.to; stream.sent += 1) {
      if (stream.sent >= Math.max(this.credit, stream.limit)) return;
      this.send("stream_data", stream.requestId, stream.sent);
    }
    this.streams.delete(key);
    this.send("stream_end", stream.requestId);
  }

  receive(frame) {
    if (frame.meta?.hello) this.credit = frame.meta.hello.credit;
    const [opener, counter] = frame.requestId ?? [];
    if (opener === this.id) {
      this.waiting.get(counter)?.(frame);
      return;
    }
    const operation = frame.data?.operation;
    switch (frame.type) {
      case "request":
        if (operation === "add") this.send("response", frame.requestId, frame.data.a + frame.data.b);
        else if (operation === "close") this.socket.close(frame.data.code, "asked to");
        else if (operation === "drop") this.socket.terminate();
        else this.send("error", frame.requestId, { error: `no ${operation}`, code: "not_found" });
        break;
      case "stream_request":
        this.streams.set(JSON.stringify(frame.requestId), {
          requestId: frame.requestId,
          to: frame.data.to,
          sent: 0,
          limit: 0,
        });
        this.pump(JSON.stringify(frame.requestId));
        break;
      case "fire_and_forget":
        if (operation === "slipstream.credit") {
          const key = JSON.stringify(frame.data.requestId);
          if (this.streams.has(key)) this.streams.get(key).limit = frame.data.limit;
          this.pump(key);
        }
        break;
      case "stream_data":
        this.send("stream_data", frame.requestId, frame.data);
        break;
      case "stream_end":
        this.send("stream_end", frame.requestId);
        break;
      default: // a bidirectional stream is answered item by item; a fire-and-forget never
    }
  }

  // Opens an exchange; resolves with every frame that answered it, once `last` of them is its type.
  open(type, data, last, then = () => {}) {
    const requestId = [this.id, this.counter];
    this.counter += 1;
    return new Promise((resolve) => {
      const frames = [];
      this.waiting.set(requestId[1], (frame) => {
        frames.push([frame.type, frame.data]);
        if (frame.type === last || frame.type === "error") {
          this.waiting.delete(requestId[1]);
          resolve(frames);
        }
      });
      this.send(type, requestId, data);
      then(requestId);
    });
  }
}

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function serve() {
  const server = new WebSocket.Server({ host: "127.0.0.1", port: 0 });
  server.on("connection", (socket) => new Peer(socket));
  server.on("listening", () => print({ port: server.address().port }));
}

function connect(url) {
  const socket = new WebSocket(url);
  const peer = new Peer(socket);
  socket.on("open", async () => {
    const results = [
      await peer.open("request", { operation: "add", a: 20, b: 22 }, "response"),
      await peer.open("stream_request", { operation: "items", items: [1, null, "é"] }, "stream_end"),
      await peer.open("stream_stream_request", { operation: "chat" }, "stream_end", (requestId) => {
        peer.send("stream_data", requestId, { n: 1 });
        peer.send("stream_end", requestId);
      }),
      await peer.open("request", { operation: "nothing" }, "response"),
    ];
    peer.send("fire_and_forget", undefined, { operation: "note", value: "from node" });
    print({ results });
  });
}

const [, , mode, url] = process.argv;
process.stdin.on("end", () => process.exit(0)).resume();
if (mode === "serve") serve();
else connect(url);
