import { Controller, Delete, Param, UseGuards } from '@nestjs/common';
import { NoCors } from 'nestjs-cors';
import { SessionGuard } from '../session/session.guard.js';

/** No page of another origin may call this. CORS is not access control: the guard is what protects it. */
@NoCors()
@UseGuards(SessionGuard)
@Controller('admin')
export class AdminController {
  @Delete('users/:id')
  remove(@Param('id') id: string) {
    return { removed: id };
  }
}
