import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { SESSION_KEY_HEADER } from 'nestjs-coinflow-auth';

/** The names under which Swagger UI asks for the two credentials. */
export const APP_TOKEN = 'app token';
export const SESSION_KEY = 'session key';

/** The API's description at `/docs`, where everything can be tried. */
export function setUpSwagger(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => createDocument(app), { swaggerOptions: { tagsSorter: 'alpha' } });
}

function createDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('A merchant with Coinflow sessions')
    .setDescription(
      'To try it: `POST /auth/login`, authorize with the access token as “app token”, `GET /coinflow/session-key`, ' +
        'authorize with the key as “session key”, and call the rest.',
    )
    .setVersion('1')
    .addBearerAuth({ type: 'http', description: 'The accessToken of POST /auth/login' }, APP_TOKEN)
    .addApiKey(
      { type: 'apiKey', in: 'header', name: SESSION_KEY_HEADER, description: 'The key of GET /coinflow/session-key' },
      SESSION_KEY,
    )
    .build();
  return SwaggerModule.createDocument(app, config);
}
