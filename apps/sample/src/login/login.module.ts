import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { JwtModule } from '@nestjs/jwt';
import { AppTokenGuard } from './app-token.guard.js';
import { UserDirectory } from './demo-users.js';
import { LoginLimitGuard } from './login-limit.guard.js';
import { LoginController } from './login.controller.js';

/** The merchant's own login. */
@Module({
  imports: [
    JwtModule.registerAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        // A random secret cannot leak, but a restart logs everybody out. Replicas must share JWT_SECRET.
        secret: config.get<string>('JWT_SECRET') || randomBytes(32).toString('base64'),
        signOptions: { algorithm: 'HS256', expiresIn: '1h' },
        verifyOptions: { algorithms: ['HS256'] },
      }),
    }),
  ],
  controllers: [LoginController],
  providers: [UserDirectory, LoginLimitGuard, AppTokenGuard],
  exports: [JwtModule, LoginLimitGuard],
})
export class LoginModule {}
