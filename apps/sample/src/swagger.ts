import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { COINFLOW_SESSION_SCHEME, COINFLOW_SESSION_SCHEME_NAME } from 'nestjs-coinflow-auth';

/** The name of the security scheme for the merchant's own token. */
export const APP_TOKEN = 'app-token';

/** Serves Swagger UI at `/docs`. */
export function setUpSwagger(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => createDocument(app), { swaggerOptions: { tagsSorter: 'alpha' } });
}

function createDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('A merchant with Coinflow sessions')
    .setDescription(
      'To try it: `POST /auth/login`, authorize with the access token as "app-token", `GET /coinflow/session-key`, ' +
        'authorize with the key as "coinflow-session", and call the rest.',
    )
    .setVersion('1')
    .addBearerAuth({ type: 'http', description: 'The accessToken of POST /auth/login' }, APP_TOKEN)
    .addApiKey(COINFLOW_SESSION_SCHEME, COINFLOW_SESSION_SCHEME_NAME)
    .build();
  return SwaggerModule.createDocument(app, config);
}
