import { Injectable, UnauthorizedException } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';

/**
 * Stands for the app's own authentication. It makes no exception for OPTIONS: preflights carry no cookies, and are
 * answered before any guard. Its 401 gets the CORS headers of the route, so that the front end can read it.
 */
@Injectable()
export class SessionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<IncomingMessage>();
    const cookies = headers.cookie?.split('; ') ?? [];
    if (!cookies.includes('session=demo')) throw new UnauthorizedException();
    return true;
  }
}
