import { Module } from '@nestjs/common';
import { TenantOrigins } from './tenant-origins.js';
import { TenantsService } from './tenants.service.js';

@Module({ providers: [TenantsService, TenantOrigins] })
export class TenantsModule {}
