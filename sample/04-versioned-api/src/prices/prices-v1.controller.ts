import { Controller, Get, Header } from '@nestjs/common';
import { Cors } from 'nestjs-cors';

/** Kept as it was for whoever uses it: open to all pages, and announced as deprecated. */
@Cors('legacy')
@Controller({ path: 'prices', version: '1' })
export class PricesV1Controller {
  @Header('Deprecation', '@1767225600')
  @Get()
  list() {
    return [{ item: 'tea', price: 3 }];
  }
}
