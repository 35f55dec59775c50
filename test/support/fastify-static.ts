import { jest } from '@jest/globals';
// What it adds to Fastify's types.
import type {} from '@fastify/static';
import * as contentDisposition from 'content-disposition';

// Import this file to use `@fastify/static`, which `require()`s an ES module: Node 20 can, Jest on Node 20 cannot.
jest.mock('content-disposition', () => contentDisposition);
