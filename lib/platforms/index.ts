import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressPlatform } from './express/platform.js';
import { FastifyPlatform } from './fastify/platform.js';
import type { Platform } from './platform.js';

/** The platform behind an adapter; `undefined` for one that is not supported. */
export function platformOf(adapter: AbstractHttpAdapter): Platform | undefined {
  switch (adapter.getType()) {
    case 'express':
      return new ExpressPlatform(adapter);
    case 'fastify':
      return new FastifyPlatform(adapter);
    default:
      return undefined;
  }
}
