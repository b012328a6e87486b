import type * as spi from '@spanwire/driver'
import { isChannelName, isPath, isPathPattern, MessagingError, matchesPath } from '@spanwire/driver'

type Place = { spec: spi.ChannelSpec; durable: boolean; log: string; stored: spi.Delivery[]; taps: Set<Tap> }
type Tap = { push(one: spi.Delivery): void; leave(): void }
type Life = { over: MessagingError | undefined; readonly taps: Set<Tap>; end(end: spi.LinkEnd): void }

const MAX_BYTES = 1 << 20
const never = new Promise<never>(() => {})
let logs = 0

/** An engine in this process with live and durable topics, and its driver: about the least that the suite accepts. */
export function tiny() {
  const places = new Map<string, Place>()
  const lives = new Set<Life>()
  let up = true
  const connect: spi.Driver['connect'] = async (_, options, signal) => {
    if (signal.aborted) throw fail('canceled', 'connecting was given up by its caller', 'link')
    await options.credentials(signal).catch((cause: unknown) => {
      throw new MessagingError('unauthenticated', 'no credentials to connect with', { scope: 'link', cause })
    })
    if (!up) throw fail('unavailable', 'the tiny engine is not running here', 'link')
    return newLink(places, lives, options)
  }
  const kill = async () => {
    up = false
    const error = fail('unavailable', 'the tiny engine was killed', 'link')
    for (const life of lives) life.end({ by: 'engine', error })
  }
  const restart = async ({ data }: { readonly data: 'keep' | 'wipe' }) => {
    up = true
    if (data === 'wipe') places.clear()
  }
  const driver: spi.Driver = { spec: 1, name: 'tiny', dials: 'one', connect }
  const taps = () => [...places.values()].reduce((sum, place) => sum + place.taps.size, 0)
  return { driver, kill, restart, resources: async () => ({ links: lives.size, taps: taps() }) }
}

function fail(code: spi.Code, text: string, scope: spi.Scope = 'message'): MessagingError {
  return new MessagingError(code, text, { scope })
}

function newLink(places: Map<string, Place>, lives: Set<Life>, { missing }: spi.ConnectOptions): spi.Link {
  let resolve: (end: spi.LinkEnd) => void
  const ended = new Promise<spi.LinkEnd>((done) => (resolve = done))
  const end = (how: spi.LinkEnd) => {
    life.over ??= how.by === 'us' ? fail('closed', 'the link was closed by us', 'link') : how.error
    lives.delete(life)
    for (const tap of life.taps) tap.leave()
    resolve(how)
  }
  const life: Life = { over: undefined, taps: new Set(), end }
  lives.add(life)
  const open = async (spec: spi.ChannelSpec, signal: AbortSignal) => {
    check(life, signal)
    if (!isChannelName(spec.name)) throw fail('invalid', `this cannot be a name: ${JSON.stringify(spec.name)}`)
    if (spec.kind !== 'topic' || spec.latest) throw fail('capability', 'the tiny engine has plain topics only')
    const known = places.get(spec.name)
    if (known && JSON.stringify(known.spec) !== JSON.stringify(spec)) throw fail('conflict', 'it has another spec')
    if (!known && missing === 'refuse') throw fail('not-found', `there is no channel ${spec.name}`)
    const place = known ?? { spec, durable: spec.keep === 'durable', log: `log${logs++}`, stored: [], taps: new Set() }
    places.set(spec.name, place)
    return newChannel(life, place)
  }
  const probe = async (signal: AbortSignal) => check(life, signal)
  const close = async () => end({ by: 'us' })
  return { engine: { name: 'tiny', version: '1' }, draining: never, ended, open, probe, close }
}

function check(life: Life, signal: AbortSignal): void {
  if (life.over) throw life.over
  if (signal.aborted) throw fail('canceled', 'the call was given up by its caller')
}

function newChannel(life: Life, place: Place): spi.Channel {
  const starts: spi.Capabilities['starts'] = place.durable ? ['now', 'beginning', 'time', 'position'] : ['now']
  const no = { groups: false, keyed: false, retries: false, extends: false, counts: false, ttl: false, maxDelayMs: 0 }
  const can: spi.Capabilities = { ...no, maxBytes: MAX_BYTES, confirms: 'stored', starts, waits: place.durable }
  const send: spi.Channel['send'] = (batch, report) => {
    for (const [at, one] of batch.entries()) report(at, take(life, place, one))
    return () => {}
  }
  const receive: spi.Channel['receive'] = async (source, flow, signal) => {
    check(life, signal)
    return newReception(life, place, source, flow)
  }
  return { can, send, receive, probe: async (signal) => check(life, signal) }
}

function take({ over }: Life, { spec, log, stored, taps }: Place, one: spi.Outgoing): spi.SendOutcome {
  if (over) return { outcome: 'unsent', error: over }
  const refused = (code: spi.Code, text: string) => ({ outcome: 'refused', error: fail(code, text) }) as const
  if (!isPath(one.path, spec.params)) return refused('invalid', 'the path does not fit the channel')
  if (one.delayMs || one.ttlMs) return refused('capability', 'the tiny engine knows no time')
  if (one.body.length > MAX_BYTES) return refused('too-large', `a message of ${one.body.length} bytes is too large`)
  const { path, id, headers = [] } = one
  const body = typeof one.body === 'string' ? one.body : one.body.slice()
  const position = `${log}:${stored.length + 1}`
  const no = () => Promise.reject(fail('capability', 'deliveries of topics are not settled'))
  const calls = { headers: () => headers, position: () => position, settle: no, extend: no }
  const delivery: spi.Delivery = { path, id, body, timeMs: Date.now(), attempt: 1, held: false, ...calls }
  stored.push(delivery)
  for (const tap of taps) tap.push(delivery)
  return { outcome: 'done' }
}

function startOf({ log, stored, durable }: Place, { start = { at: 'now' }, group }: spi.Source): number {
  if (group !== undefined) throw fail('capability', 'the tiny engine has no groups')
  if (start.at === 'now') return stored.length
  if (!durable || start.at === 'latest') throw fail('capability', `no start at ${start.at} here`)
  if (start.at === 'time') return stored.filter((one) => (one.timeMs ?? 0) < start.timeMs).length
  if (start.at !== 'position') return 0
  if (!start.position.startsWith(`${log}:`)) throw fail('conflict', 'the position belongs to another log')
  return Number(start.position.slice(log.length + 1))
}

function newReception(life: Life, place: Place, source: spi.Source, first: spi.Flow): spi.Reception {
  const { paths } = source
  if (paths?.some((one) => !isPathPattern(one, place.spec.params))) throw fail('invalid', 'a pattern does not fit')
  const fits = (one: spi.Delivery) => !paths || paths.some((pattern) => matchesPath(pattern, one.path))
  // Of a durable topic these are the engine's own messages, in its own memory: they wait there.
  const ready: spi.Delivery[] = place.stored.slice(startOf(place, source)).filter(fits)
  const flow = { ...first }
  let lost = 0
  let wake = () => {}
  const push = (one: spi.Delivery) => {
    if (!fits(one)) return
    ready.push(one)
    if (!place.durable) lost += ready.splice(0, ready.length - flow.messages).length
    wake()
  }
  const leave = () => {
    for (const taps of [place.taps, life.taps]) taps.delete(tap)
    wake()
  }
  const tap: Tap = { push, leave }
  for (const taps of [place.taps, life.taps]) taps.add(tap)
  const next = async (): Promise<spi.Batch | undefined> => {
    const wait = () => new Promise<void>((resolve) => (wake = resolve))
    while (life.taps.has(tap) && ready.length === 0) await wait()
    if (!life.taps.has(tap)) return undefined
    const before = lost > 0 ? { lost: { reason: 'slow', count: lost } as const } : {}
    lost = 0
    return { deliveries: ready.splice(0, 1), ...before }
  }
  return { next, adjust: (now) => void Object.assign(flow, now), stop: async () => leave() }
}
