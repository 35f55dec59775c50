import { Body, Controller, Get, Put, UseGuards } from '@nestjs/common';
import { Cors } from 'nestjs-cors';
import { SessionGuard } from '../session/session.guard.js';

interface Settings {
  language: string;
}

/** Private data, for the signed-in user of the app's own front end. */
@Cors({ credentials: true, allowedHeaders: ['content-type', 'x-csrf-token'] })
@UseGuards(SessionGuard)
@Controller('dashboard')
export class DashboardController {
  private settings: Settings = { language: 'en' };

  @Get()
  show() {
    return this.settings;
  }

  @Put()
  update(@Body() settings: Settings) {
    this.settings = settings;
    return this.settings;
  }
}
