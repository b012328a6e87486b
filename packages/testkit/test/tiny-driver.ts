import {
  type Batch,
  type Capabilities,
  type Channel,
  type ChannelSpec,
  type Code,
  type ConnectOptions,
  type Delivery,
  type Driver,
  type Flow,
  isChannelName,
  isPath,
  isPathPattern,
  type Link,
  type LinkEnd,
  MessagingError,
  matchesPath,
  type Outgoing,
  type Reception,
  type SendOutcome,
  type Source,
} from '@spanwire/driver'

interface Place {
  readonly spec: ChannelSpec & { readonly kind: 'topic' }
  readonly log: string
  readonly stored: Delivery[]
  readonly taps: Set<Tap>
}
type Tap = { push(one: Delivery): void; leave(): void }
type Life = { over: MessagingError | undefined; readonly taps: Set<Tap>; end(end: LinkEnd): void }

const MAX_BYTES = 1 << 20
const never = new Promise<never>(() => {})
let logs = 0

/** An engine in this process with live and durable topics, and its driver: about the least that the suite accepts. */
export function tiny() {
  const places = new Map<string, Place>()
  const lives = new Set<Life>()
  let up = true
  const driver: Driver = {
    spec: 1,
    name: 'tiny',
    dials: 'one',
    async connect(_, options, signal) {
      if (signal.aborted) throw fail('canceled', 'connecting was given up by its caller', 'link')
      await options.credentials(signal).catch((cause: unknown) => {
        throw new MessagingError('unauthenticated', 'no credentials to connect with', { scope: 'link', cause })
      })
      if (!up) throw fail('unavailable', 'the tiny engine is not running here', 'link')
      return newLink(places, lives, options)
    },
  }
  const kill = async () => {
    up = false
    for (const life of lives)
      life.end({ by: 'engine', error: fail('unavailable', 'the tiny engine was killed', 'link') })
  }
  const restart = async ({ data }: { readonly data: 'keep' | 'wipe' }) => {
    up = true
    if (data === 'wipe') places.clear()
  }
  const taps = () => [...places.values()].reduce((sum, place) => sum + place.taps.size, 0)
  return { driver, kill, restart, resources: async () => ({ links: lives.size, taps: taps() }) }
}

function fail(code: Code, text: string, scope: 'link' | 'message' = 'message'): MessagingError {
  return new MessagingError(code, text, { scope })
}

function newLink(places: Map<string, Place>, lives: Set<Life>, { missing }: ConnectOptions): Link {
  let resolve: (end: LinkEnd) => void
  const ended = new Promise<LinkEnd>((done) => (resolve = done))
  const life: Life = {
    over: undefined,
    taps: new Set(),
    end(end) {
      life.over ??= end.by === 'us' ? fail('closed', 'the link was closed by us', 'link') : end.error
      lives.delete(life)
      for (const tap of life.taps) tap.leave()
      resolve(end)
    },
  }
  lives.add(life)
  const open = async (spec: ChannelSpec, signal: AbortSignal) => {
    check(life, signal)
    if (!isChannelName(spec.name)) throw fail('invalid', `this cannot be a name: ${JSON.stringify(spec.name)}`)
    if (spec.kind !== 'topic' || spec.latest) throw fail('capability', 'the tiny engine has plain topics only')
    const known = places.get(spec.name)
    if (known && JSON.stringify(known.spec) !== JSON.stringify(spec)) throw fail('conflict', 'it has another spec')
    if (!known && missing === 'refuse') throw fail('not-found', `there is no channel ${spec.name}`)
    const place = known ?? { spec, log: `log${logs++}`, stored: [], taps: new Set() }
    places.set(spec.name, place)
    return newChannel(life, place)
  }
  const probe = async (signal: AbortSignal) => check(life, signal)
  const close = async () => life.end({ by: 'us' })
  return { engine: { name: 'tiny', version: '1' }, draining: never, ended, open, probe, close }
}

function check(life: Life, signal: AbortSignal): void {
  if (life.over) throw life.over
  if (signal.aborted) throw fail('canceled', 'the call was given up by its caller')
}

function newChannel(life: Life, place: Place): Channel {
  const durable = place.spec.keep === 'durable'
  const starts: Capabilities['starts'] = durable ? ['now', 'beginning', 'time', 'position'] : ['now']
  const basic = { maxBytes: MAX_BYTES, groups: false, keyed: false, retries: false, extends: false, counts: false }
  const can: Capabilities = { ...basic, confirms: 'stored', starts, waits: durable, maxDelayMs: 0, ttl: false }
  const send: Channel['send'] = (batch, report) => {
    for (const [at, one] of batch.entries()) report(at, take(life, place, one))
    return () => {}
  }
  const receive: Channel['receive'] = async (source, flow, signal) => {
    check(life, signal)
    return newReception(life, place, source, flow)
  }
  return { can, send, receive, probe: async (signal) => check(life, signal) }
}

function take(life: Life, { spec, log, stored, taps }: Place, one: Outgoing): SendOutcome {
  const bytes = typeof one.body === 'string' ? one.body.length : one.body.length
  if (life.over) return { outcome: 'unsent', error: life.over }
  if (!isPath(one.path, spec.params))
    return { outcome: 'refused', error: fail('invalid', 'the path does not fit the channel') }
  if (one.delayMs ?? one.ttlMs)
    return { outcome: 'refused', error: fail('capability', 'the tiny engine knows no time') }
  if (bytes > MAX_BYTES)
    return { outcome: 'refused', error: fail('too-large', `a message of ${bytes} bytes is too large`) }
  const { path, id, headers = [] } = one
  const body = typeof one.body === 'string' ? one.body : one.body.slice()
  const position = `${log}:${stored.length + 1}`
  const no = () => Promise.reject(fail('capability', 'deliveries of topics are not settled'))
  const fixed = { attempt: 1, held: false, headers: () => headers, position: () => position, settle: no, extend: no }
  const delivery: Delivery = { path, id, body, timeMs: Date.now(), ...fixed }
  stored.push(delivery)
  for (const tap of taps) tap.push(delivery)
  return { outcome: 'done' }
}

function startOf({ log, stored, spec }: Place, { start = { at: 'now' }, group }: Source): number {
  if (group !== undefined) throw fail('capability', 'the tiny engine has no groups')
  if (start.at === 'now') return stored.length
  if (spec.keep === 'live' || start.at === 'latest') throw fail('capability', `no start at ${start.at} here`)
  if (start.at === 'beginning') return 0
  if (start.at === 'time') return stored.filter((one) => (one.timeMs ?? 0) < start.timeMs).length
  if (!start.position.startsWith(`${log}:`)) throw fail('conflict', 'the position belongs to another log')
  return Number(start.position.slice(log.length + 1))
}

function newReception(life: Life, place: Place, source: Source, first: Flow): Reception {
  const { paths } = source
  if (paths?.some((one) => !isPathPattern(one, place.spec.params))) throw fail('invalid', 'a pattern does not fit')
  let flow = first
  let lost = 0
  const fits = (one: Delivery) => !paths || paths.some((pattern) => matchesPath(pattern, one.path))
  let waiting: ((batch: Batch | undefined) => void) | undefined
  const ready: Delivery[] = place.stored.slice(startOf(place, source)).filter(fits)
  // What is stored costs nothing to keep here: it is the engine's own memory, in order, and counts as waiting there.
  const cut = () => {
    if (place.spec.keep === 'live') lost += ready.splice(0, ready.length - flow.messages).length
    let bytes = 0
    const room = ready.findIndex((one, at) => (bytes += one.body.length) > flow.bytes && at > 0)
    const deliveries = ready.splice(0, Math.min(flow.messages, room < 0 ? ready.length : room))
    const batch = lost > 0 ? { deliveries, lost: { reason: 'slow' as const, count: lost } } : { deliveries }
    lost = 0
    return batch
  }
  const tap: Tap = {
    push(one) {
      if (!fits(one)) return
      ready.push(one)
      if (place.spec.keep === 'live' && ready.length > flow.messages) lost += ready.splice(0, 1).length
      waiting?.(cut())
      waiting = undefined
    },
    leave() {
      place.taps.delete(tap)
      life.taps.delete(tap)
      ready.length = 0
      waiting?.(undefined)
    },
  }
  place.taps.add(tap)
  life.taps.add(tap)
  const next = () => {
    if (!place.taps.has(tap)) return Promise.resolve(undefined)
    return ready.length > 0 ? Promise.resolve(cut()) : new Promise<Batch | undefined>((resolve) => (waiting = resolve))
  }
  return { next, adjust: (now) => void (flow = now), stop: async () => tap.leave() }
}
