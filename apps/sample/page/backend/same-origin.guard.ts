import {
  ForbiddenException,
  Injectable,
  UnsupportedMediaTypeException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';

interface RequestWithHeaders {
  method: string;
  headers: Record<string, string | string[] | undefined>;
}

/** Rejects requests that a browser sends for a page of another origin. Accepts requests of programs and of the own page. */
@Injectable()
export class SameOriginGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { method, headers } = context.switchToHttp().getRequest<RequestWithHeaders>();
    const { origin, host, 'sec-fetch-site': site } = headers;
    const isCrossOrigin = origin !== undefined && origin !== `http://${String(host)}`;
    if (isCrossOrigin || site === 'cross-site' || site === 'same-site') {
      throw new ForbiddenException('Requests from pages of another origin are rejected.');
    }
    // A form on any page can send other content types without a CORS preflight.
    if (method !== 'GET' && !/^application\/json\s*(;|$)/i.test(String(headers['content-type']))) {
      throw new UnsupportedMediaTypeException('Send content-type: application/json.');
    }
    return true;
  }
}
