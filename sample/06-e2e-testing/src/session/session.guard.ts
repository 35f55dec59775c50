import { Injectable, UnauthorizedException } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';

/** Stands for the app's own authentication. It makes no exception for OPTIONS: preflights do not reach it. */
@Injectable()
export class SessionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<IncomingMessage>();
    if (headers.cookie !== 'session=demo') throw new UnauthorizedException();
    return true;
  }
}
