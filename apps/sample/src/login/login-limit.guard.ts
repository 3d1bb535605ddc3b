import { SocketAddress, isIPv6 } from 'node:net';
import { HttpException, HttpStatus, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

const LOGINS_PER_MINUTE = 20;
const IPV6_GROUPS = 8;
const IPV6_NETWORK_GROUPS = 4;

interface RequestFromAddress {
  ip: string;
}

interface ResponseWithHeaders {
  header(name: string, value: string): unknown;
}

/** Limits the login attempts of each client, so that nobody can guess passwords by trying thousands. */
@Injectable()
export class LoginLimitGuard implements CanActivate {
  readonly #limiter = new RateLimiterMemory({ points: LOGINS_PER_MINUTE, duration: 60 });

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    try {
      await this.#limiter.consume(clientNetwork(http.getRequest<RequestFromAddress>().ip));
      return true;
    } catch (rejection) {
      if (!(rejection instanceof RateLimiterRes)) throw rejection;
      const waitSeconds = Math.ceil(rejection.msBeforeNext / 1_000);
      http.getResponse<ResponseWithHeaders>().header('Retry-After', String(waitSeconds));
      throw new HttpException(`Too many logins. Try again in ${waitSeconds} s.`, HttpStatus.TOO_MANY_REQUESTS);
    }
  }
}

/**
 * The network that counts as one client: an IPv4 address, or the /64 of an IPv6 address, because one client has all
 * addresses of its /64. Any other string is returned unchanged.
 */
export function clientNetwork(ip: string): string {
  if (!isIPv6(ip)) return ip;
  // SocketAddress normalises the address: lower case, no leading zeros, no zone.
  const { address } = new SocketAddress({ address: ip, family: 'ipv6' });
  const [, ipv4] = /^::ffff:([\d.]+)$/.exec(address) ?? [];
  if (ipv4) return ipv4;
  const [before = [], after = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: IPV6_GROUPS - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].slice(0, IPV6_NETWORK_GROUPS).join(':');
}
