import {
  Injectable,
  UnauthorizedException,
  createParamDecorator,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';

interface RequestWithUser {
  headers: { authorization?: string };
  userId?: string;
}

/** Requires the merchant's own access token. It is not a Coinflow session key. */
@Injectable()
export class AppTokenGuard implements CanActivate {
  constructor(private readonly jwt: JwtService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<RequestWithUser>();
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (!token) throw new UnauthorizedException('Log in first, then send Authorization: Bearer <accessToken>.');
    try {
      const { sub } = await this.jwt.verifyAsync<{ sub: string }>(token);
      request.userId = sub;
      return true;
    } catch {
      throw new UnauthorizedException('The access token is invalid or has expired. Log in again.');
    }
  }
}

/** The id of the logged-in user. */
export const LoggedInUserId = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<RequestWithUser>().userId,
);
