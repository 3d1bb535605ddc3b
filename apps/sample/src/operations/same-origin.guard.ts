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

/** Lets programs and this application's own page through, and no page of the web that is open in a browser beside it. */
@Injectable()
export class SameOriginGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { method, headers } = context.switchToHttp().getRequest<RequestWithHeaders>();
    const { origin, host, 'sec-fetch-site': site } = headers;
    const isForeign = origin !== undefined && origin !== `http://${String(host)}`;
    if (isForeign || site === 'cross-site' || site === 'same-site') {
      throw new ForbiddenException('Not from a page of another origin');
    }
    // A form can send other types from any page, without asking first.
    if (method !== 'GET' && !/^application\/json\s*(;|$)/i.test(String(headers['content-type']))) {
      throw new UnsupportedMediaTypeException('Send content-type: application/json');
    }
    return true;
  }
}
