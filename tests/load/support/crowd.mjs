// A process of its own that holds members: crowd.mjs PORT COUNT. Says `joined` when all are there, and stays until it is ended.
import { Member, frame, opcodes } from './member.mjs';

const [port, count] = process.argv.slice(2).map(Number);
const members = await Promise.all(
  Array.from({ length: count }, (_, i) => Member.join(port, { target: i % 3 ? '/chat' : `/chat/room-${i % 50}` })),
);
for (const [i, member] of members.entries()) {
  if (i % 4 === 0) member.sendRaw(frame(opcodes.text, 'unfinished').subarray(0, 9));
  if (i % 5 === 0) member.stopReading();
}
await Promise.all(members.map((member) => member.flushed()));
process.send('joined');
