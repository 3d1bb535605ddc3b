import { base64urlnopad } from '@scure/base';
import { bytesToUtf8, utf8ToBytes } from '@noble/hashes/utils';

export function encodeJson(value: object): string {
  return base64urlnopad.encode(utf8ToBytes(JSON.stringify(value)));
}

export function encodeBytes(bytes: Uint8Array): string {
  return base64urlnopad.encode(bytes);
}

export function decodeJson(text: string): unknown {
  try {
    return JSON.parse(bytesToUtf8(base64urlnopad.decode(text)));
  } catch {
    return undefined;
  }
}
