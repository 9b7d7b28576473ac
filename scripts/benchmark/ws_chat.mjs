// A chat server on npm's ws, as its documentation writes a broadcast: one send for each message and member.
//
//   node ws_chat.mjs PORT
//
// The room is the path. Every text goes to everybody in the room, the sender included, as "[userN] text".

import { WebSocket, WebSocketServer } from "ws";

const rooms = new Map();
let joined = 0;

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]) });

server.on("listening", () => console.log(`listening on 127.0.0.1:${server.address().port}`));

server.on("connection", (member, request) => {
  const path = request.url.split("?")[0];
  const room = rooms.get(path) ?? new Set();
  rooms.set(path, room);
  room.add(member);
  const name = `user${joined++}`;

  member.on("message", (data, isBinary) => {
    if (isBinary) return;
    const message = `[${name}] ${data}`;
    for (const other of room) {
      if (other.readyState === WebSocket.OPEN) other.send(message);
    }
  });
  member.on("close", () => {
    room.delete(member);
    if (room.size === 0) rooms.delete(path);
  });
  // The close that follows is all there is to do about a connection that broke.
  member.on("error", () => {});
});
