import { Injectable, type CanActivate } from '@nestjs/common';

/** Your login: it sets `request.user`. */
@Injectable()
export class LoginGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}
