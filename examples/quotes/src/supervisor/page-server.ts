import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname, normalize } from 'node:path'
import { ACTIONS, type Action, ENGINE_ACTIONS, type EngineAction, type Picture } from '../picture.js'
import { readDays, type TradingDay } from '../prices.js'
import { SITES, type SiteName } from '../routes.js'

/** What the page's buttons do. */
export interface Controls {
  act(site: SiteName, action: Action): Promise<void>
  actOnEngine(site: SiteName, action: EngineAction): Promise<void>
  tellFeed(what: 'storm' | 'finish'): void
  watch(watcher: (picture: Picture) => void): () => void
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const SECURITY = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

/**
 * Serves the built page and the small API behind its buttons: `GET /api/picture` (a stream of events), `GET /api/days/DAY` (what
 * that day really was), `POST /api/sites/NAME/ACTION`, `POST /api/engines/NAME/ACTION`, `POST /api/feed/storm|finish`. Who names another host, or comes from
 * another page, is refused: any web page may send requests to 127.0.0.1.
 */
export function pageServer(folder: URL, controls: () => Controls | undefined): Server {
  const days = new Map(readDays(new URL('../data/stocks.csv.gz', import.meta.url)).map((day) => [day.day, day]))
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page')
    const api = controls()
    if (!isOurs(request)) answer(response, 403, 'not from here')
    else if (!pathname.startsWith('/api/')) void sendFile(folder, pathname, response)
    else if (!api) answer(response, 503, 'starting')
    else if (request.method === 'POST') void act(api, pathname, response)
    else if (pathname === '/api/picture') sendPictures(api, request, response)
    else sendDay(days.get(pathname.slice('/api/days/'.length)), response)
  })
}

/** The Host must be ours against DNS rebinding, and a page that sends one must have the same Origin. */
function isOurs({ headers, method, socket }: IncomingMessage): boolean {
  const hosts = [`127.0.0.1:${socket.localPort}`, `localhost:${socket.localPort}`]
  const { host = '', origin } = headers
  if (!hosts.includes(host)) return false
  return origin === undefined ? method === 'GET' : origin === `http://${host}`
}

async function act(controls: Controls, pathname: string, response: ServerResponse): Promise<void> {
  const [, , group, name, action] = pathname.split('/')
  const site = SITES.find((one) => one === name)
  const wanted = ACTIONS.find((one) => one === action)
  const engineWanted = ENGINE_ACTIONS.find((one) => one === action)
  if (group === 'sites' && site && wanted) await controls.act(site, wanted)
  else if (group === 'engines' && site && engineWanted) await controls.actOnEngine(site, engineWanted)
  else if (group === 'feed' && (name === 'storm' || name === 'finish')) controls.tellFeed(name)
  else {
    answer(response, 404, 'no such action')
    return
  }
  answer(response, 204, '')
}

/** The picture now and whenever it changes, as server-sent events. */
function sendPictures(controls: Controls, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { ...SECURITY, 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const stop = controls.watch((picture) => response.write(`data: ${JSON.stringify(picture)}\n\n`))
  request.on('close', stop)
}

function sendDay(day: TradingDay | undefined, response: ServerResponse): void {
  if (!day) {
    answer(response, 404, 'no such day')
    return
  }
  response.writeHead(200, { ...SECURITY, 'content-type': 'application/json' })
  response.end(JSON.stringify(Object.fromEntries(day.bars)))
}

async function sendFile(folder: URL, pathname: string, response: ServerResponse): Promise<void> {
  const path = normalize(pathname === '/' ? '/index.html' : pathname)
  try {
    const body = await readFile(new URL(`.${path}`, folder))
    response.writeHead(200, { ...SECURITY, 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' })
    response.end(body)
  } catch {
    answer(response, 404, 'no such file')
  }
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...SECURITY, 'content-type': 'text/plain' }).end(text)
}
