import { Module } from '@nestjs/common';
import { CorsModule } from 'nestjs-cors';
import { OrdersController } from './orders/orders.controller.js';
import { TenantOrigins } from './tenants/tenant-origins.js';
import { TenantsModule } from './tenants/tenants.module.js';

@Module({
  imports: [
    TenantsModule,
    // The resolver is taken from the injector. It is asked about origins that the list does not have.
    CorsModule.forRoot({ origin: ['https://app.example.com', TenantOrigins], credentials: true }),
  ],
  controllers: [OrdersController],
})
export class AppModule {}
