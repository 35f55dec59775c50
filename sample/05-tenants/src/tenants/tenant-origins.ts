import { Injectable } from '@nestjs/common';
import type { CorsOriginResolver, CorsRequestContext } from 'nestjs-cors';
import { TenantsService } from './tenants.service.js';

/**
 * A page may call the API of its own tenant, and of no other. Preflights carry no cookies and no headers of the app:
 * the tenant is told by the host. What throws here denies.
 */
@Injectable()
export class TenantOrigins implements CorsOriginResolver {
  constructor(private readonly tenants: TenantsService) {}

  isAllowed(origin: string, { host }: CorsRequestContext): boolean {
    return this.tenants.hasOrigin(host, origin);
  }
}
