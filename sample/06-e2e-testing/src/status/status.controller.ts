import { Controller, Get } from '@nestjs/common';
import { Cors } from 'nestjs-cors';

@Cors('public')
@Controller('status')
export class StatusController {
  @Get()
  show() {
    return { status: 'ok' };
  }
}
