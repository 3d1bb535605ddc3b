import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { CoinflowAuthService, type CoinflowSession, type RequestWithHeaders } from 'nestjs-coinflow-auth';

/** Yours. It throws when it cannot look the API key up. */
export abstract class PartnerKeys {
  abstract isValid(apiKey: string): Promise<boolean>;
}

@Injectable()
export class SessionOrApiKeyGuard implements CanActivate {
  constructor(
    private readonly coinflow: CoinflowAuthService,
    private readonly partnerKeys: PartnerKeys,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<RequestWithHeaders & { session?: CoinflowSession }>();
    const apiKey = request.headers['x-api-key'];
    if (typeof apiKey === 'string' && (await this.partnerKeys.isValid(apiKey))) return true;
    const { session, error } = await this.coinflow.authenticateRequest(request, { subject: 'user' });
    if (error) throw error;
    request.session = session;
    return true;
  }
}
