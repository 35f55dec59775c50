import { Module } from '@nestjs/common';
import { PartnerOrigins } from './partner-origins.js';
import { PartnersService } from './partners.service.js';

@Module({ providers: [PartnersService, PartnerOrigins] })
export class PartnersModule {}
