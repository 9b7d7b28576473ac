// The types of roomcast.js, where everything is described. Times are milliseconds.

/** The close codes after which a member does not come back. */
export const closeCodes: { readonly removed: 4001; readonly displaced: 4002 };

export interface Member {
  id: string;
  name: string;
}

export interface Message extends Member {
  seq: number;
  /** ISO 8601, UTC. */
  time: string;
  text: string;
}

export interface Fault {
  code: string;
  message: string;
  retry_after_ms?: number;
}

/** A message of this member's. */
export interface Sent {
  readonly text: string;
  readonly state: 'waiting' | 'sent' | 'arrived' | 'failed';
  /** Once it has arrived. */
  readonly seq?: number;
  /** Once it has failed. */
  readonly error?: Fault;
  /** Resolves when it has arrived or failed; is never rejected. */
  readonly settled: Promise<Sent>;
}

export type State = 'connecting' | 'open' | 'waiting' | 'closed';

export interface RoomEvents {
  state: { state: State; delay?: number; code?: number; reason?: string; status?: number };
  welcome: Member & { room: string; epoch: string; seq: number; members: number; isReturn: boolean; recovered: boolean };
  message: Message & { isOwn: boolean; sent?: Sent };
  join: Member;
  leave: Member;
  presence: { members: number };
  gap: { from: number; to: number };
  sent: Sent;
  error: Fault;
}

export interface RoomOptions {
  /** Without it the server gives one. */
  name?: string;
  /** The constructor; the global one by default. */
  WebSocket?: new (url: string, protocol: string) => unknown;
  /** Asks why a handshake was refused; the global one by default. */
  fetch?: typeof fetch;
  /** Like `Math.random`. */
  random?: () => number;
  clock?: { now(): number; setTimeout(callback: () => void, delay: number): unknown; clearTimeout(timer: unknown): void };
}

/** A member of one room, until `close()`, or until `state` is `closed`. */
export class Room extends EventTarget {
  constructor(url: string | URL, options?: RoomOptions);

  readonly state: State;
  /** Undefined before the first welcome, as is `name`. */
  readonly id: string | undefined;
  readonly name: string | undefined;

  /** Throws a `RangeError` where 1,000 messages wait already, and an `Error` when the room is closed. */
  send(text: string): Sent;
  /** Rejected when the connection is lost, or there is none; so is `members`. */
  history(options?: { before?: number; limit?: number }): Promise<{ messages: Message[]; complete: boolean }>;
  members(): Promise<{ count: number; members: Member[] }>;
  /** Connects now, where it waits to connect. */
  reconnect(): void;
  close(): void;

  addEventListener<Type extends keyof RoomEvents>(
    type: Type,
    listener: (event: CustomEvent<RoomEvents[Type]>) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}
