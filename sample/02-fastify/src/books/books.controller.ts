import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { Cors } from 'nestjs-cors';

@Controller('books')
export class BooksController {
  private readonly titles = new Map([['1', 'Emma']]);

  /** Any page may read the list. */
  @Cors('public')
  @Get()
  list() {
    return [...this.titles.values()];
  }

  /** Only the app's own front end may change a book, also by a request with cookies. */
  @Cors({ credentials: true })
  @Put(':id')
  update(@Param('id') id: string, @Body() { title }: { title: string }) {
    this.titles.set(id, title);
    return { id, title };
  }
}
