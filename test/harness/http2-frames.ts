import { connect } from 'node:net';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const FRAME_HEADER_BYTES = 9;
const DATA = 0;
const HEADERS = 1;
const SETTINGS = 4;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;

/**
 * Sends a GET over HTTP/2 with exactly these header fields. The client of Node cannot send some fields twice.
 * @returns the body of the response
 */
export async function sendHttp2Fields(url: string, fields: readonly (readonly [string, string])[]): Promise<string> {
  const { hostname, port, host } = new URL(url);
  const pseudo = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':authority', host],
  ] as const;
  const block = Buffer.concat([...pseudo, ...fields].map(([name, value]) => literalField(name, value)));
  const socket = connect(Number(port), hostname);
  socket.write(
    Buffer.concat([
      Buffer.from(PREFACE),
      frame(SETTINGS, 0, 0, Buffer.alloc(0)),
      frame(HEADERS, END_HEADERS | END_STREAM, 1, block),
    ]),
  );
  let received = Buffer.alloc(0);
  let body = '';
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    for (let end = frameEnd(received); received.length >= end; end = frameEnd(received)) {
      if (received[3] === DATA) body += received.toString('utf8', FRAME_HEADER_BYTES, end);
      const isLast = received.readUInt32BE(5) === 1 && ((received[4] ?? 0) & END_STREAM) !== 0;
      received = received.subarray(end);
      if (isLast) return body;
    }
  }
  throw new Error('The server closed the connection without a response');
}

function frameEnd(bytes: Buffer): number {
  return bytes.length < FRAME_HEADER_BYTES ? Infinity : FRAME_HEADER_BYTES + bytes.readUIntBE(0, 3);
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** RFC 7541, 6.2.2: a literal header field without indexing, without Huffman coding. */
function literalField(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), literalText(name), literalText(value)]);
}

function literalText(text: string): Buffer {
  const length = text.length < 127 ? [text.length] : [127, ...continuation(text.length - 127)];
  return Buffer.concat([Buffer.from(length), Buffer.from(text, 'latin1')]);
}

function continuation(rest: number): number[] {
  return rest < 128 ? [rest] : [(rest % 128) + 128, ...continuation(Math.floor(rest / 128))];
}
