import { Controller, Get } from '@nestjs/common';
import { Cors } from 'nestjs-cors';

/** Public data, for the pages of any site. */
@Cors('public')
@Controller('widget')
export class WidgetController {
  @Get()
  show() {
    return { hours: 'Monday to Friday, 9 to 17' };
  }
}
