import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { add, Cors } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { hasChromium, servePage, type BrowserPage } from '../support/chromium.js';
import { portOf } from '../support/client.js';

const inBrowser = hasChromium ? describe : describe.skip;

/** What a page sees of its WebSockets. */
const opens = (port: number, paths: readonly string[]) => `
  return Promise.all(${JSON.stringify(paths)}.map(path => new Promise(resolve => {
    const socket = new WebSocket('ws://127.0.0.1:${String(port)}' + path);
    socket.onopen = () => resolve('open');
    socket.onerror = () => resolve('refused');
  })));`;

inBrowser('A WebSocket of a page in Chromium', () => {
  let pages: readonly BrowserPage[] = [];

  afterEach(closeApps);
  afterEach(() => {
    for (const page of pages) page.close();
  });

  it.each(PLATFORMS)('opens from the origins that the policy of its gateway allows (%s)', async platform => {
    pages = [await servePage({}), await servePage({}), await servePage({})];
    const [front, partner, stranger] = pages as [BrowserPage, BrowserPage, BrowserPage];

    @WebSocketGateway({ path: '/events' })
    class EventsGateway {}
    @Cors({ origin: add(partner.origin) })
    @WebSocketGateway({ path: '/partner' })
    class PartnerGateway {}
    const app = await startApp({
      platform,
      cors: { origin: [front.origin] },
      providers: [EventsGateway, PartnerGateway],
      configure: each => each.useWebSocketAdapter(new WsAdapter(each)),
    });

    const seen = (page: BrowserPage) => page.run(opens(portOf(app), ['/events', '/partner']));
    expect(await seen(front)).toEqual(['open', 'open']);
    expect(await seen(partner)).toEqual(['refused', 'open']);
    expect(await seen(stranger)).toEqual(['refused', 'refused']);
  });
});
