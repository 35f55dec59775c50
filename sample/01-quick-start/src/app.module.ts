import { Module } from '@nestjs/common';
import { CorsModule } from 'nestjs-cors';
import { AdminController } from './admin/admin.controller.js';
import { DashboardController } from './dashboard/dashboard.controller.js';
import { PartnerController } from './partner/partner.controller.js';
import { WidgetController } from './widget/widget.controller.js';

@Module({
  imports: [
    CorsModule.forRoot({
      // Every route inherits this; in production, read it from the environment (see forRootAsync).
      origin: ['https://app.example.com'],
      policies: {
        public: { origin: '*', methods: ['GET'] },
      },
    }),
  ],
  controllers: [WidgetController, DashboardController, PartnerController, AdminController],
})
export class AppModule {}
