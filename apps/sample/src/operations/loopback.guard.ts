import { BlockList } from 'node:net';
import { ForbiddenException, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';

interface RequestOnSocket {
  headers: Record<string, string | string[] | undefined>;
  socket: { remoteAddress?: string };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/** Accepts requests from this machine only. Operational data must not be public. */
@Injectable()
export class LoopbackGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (isFromThisMachine(context.switchToHttp().getRequest<RequestOnSocket>())) return true;
    throw new ForbiddenException('This route accepts requests from this machine only, at a loopback address.');
  }
}

export function isFromThisMachine({ headers, socket }: RequestOnSocket): boolean {
  // With a proxy on this machine, every client has a loopback address, so forwarded requests are rejected. The check of
  // the Host header stops DNS rebinding: a website can point its own name at this machine, but not a loopback name.
  const isForwarded = FORWARDED.some((name) => headers[name] !== undefined);
  const hasLoopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(String(headers.host));
  return !isForwarded && hasLoopbackHost && isLoopback(socket.remoteAddress ?? '');
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return LOOPBACK.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4');
}
