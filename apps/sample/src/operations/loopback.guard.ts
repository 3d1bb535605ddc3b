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

/** Lets programs on this machine through: what operators look at is nobody else's business. */
@Injectable()
export class LoopbackGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (isFromThisMachine(context.switchToHttp().getRequest<RequestOnSocket>())) return true;
    throw new ForbiddenException('Only from this machine, by a loopback name');
  }
}

export function isFromThisMachine({ headers, socket }: RequestOnSocket): boolean {
  // Behind a proxy on this machine everybody comes from here. And a page of the web can have a name of its own point at
  // this machine, but not one that is not its own.
  const isForwarded = FORWARDED.some((name) => headers[name] !== undefined);
  const isCalledByName = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(String(headers.host));
  return !isForwarded && isCalledByName && isLoopback(socket.remoteAddress ?? '');
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return LOOPBACK.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4');
}
