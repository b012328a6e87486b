import { type ChannelSpec, type ConnectOptions, type Driver, type Link, MessagingError } from '@spanwire/driver'
import { createEngine, type MemoryEngine, memory } from '@spanwire/driver-memory'
import { describeDriver, type Harness } from '@spanwire/testkit'
import { type Client, createClient, hop, primary } from '../src/index.js'

const here = { environment: 'on-prem' } as const
const noEnd = 'a site that dies is a failover: the hop lives on, and ends by close alone'
const noNetwork = 'it dials nobody: its sites do, each with a driver of its own'
/** Few enough to be filled by a test, enough for the ten thousand of S1. */
const RETAINED = 12_000

/** A client over both engines, seen as one link that takes its client along when it ends. */
async function connect([a, b]: Engines, options: ConnectOptions, signal: AbortSignal): Promise<Link> {
  if (signal.aborted) throw gaveUp()
  const credentials = await options.credentials(signal).catch((cause: unknown) => {
    throw new MessagingError('unauthenticated', 'the credentials could not be obtained', { scope: 'link', cause })
  })
  const client = createClient({
    here,
    missing: options.missing,
    outbox: { messages: 20_000, bytes: 256 << 20 },
    sites: {
      a: { location: here, driver: memory(a), credentials, endpoints: ['a'] },
      b: { location: { environment: 'cloud' }, driver: memory(b), credentials, endpoints: ['b'] },
    },
    routes: [{ match: '>', policy: primary('a', 'b') }],
  })
  await up(client, signal)
  const link = hop(client)
  return {
    get engine() {
      return link.engine
    },
    draining: link.draining,
    ended: link.ended,
    open: (spec, within) => link.open(spec, within),
    probe: (within) => link.probe(within),
    close: async (within) => {
      await link.close(within)
      await client.close({ timeout: 0 })
    },
  }
}

/** Resolves when both sites have a link; the client is closed when the signal aborts before. */
async function up(client: Client, signal: AbortSignal): Promise<void> {
  const isUp = () => client.status().sites.every((site) => site.state === 'up')
  if (isUp()) return
  const over = new AbortController()
  const abort = () => over.abort()
  signal.addEventListener('abort', abort)
  for await (const _ of client.watch({ signal: over.signal })) if (isUp()) break
  signal.removeEventListener('abort', abort)
  if (!signal.aborted) return
  await client.close({ timeout: 0 })
  throw gaveUp()
}

function gaveUp(): MessagingError {
  return new MessagingError('canceled', 'connecting was given up', { scope: 'link' })
}

type Engines = readonly [MemoryEngine, MemoryEngine]

const harness: Harness = {
  async setup() {
    const engine = () => createEngine({ beatMs: 250, retain: { messages: RETAINED } })
    const engines = [engine(), engine()] as const
    const driver: Driver = {
      spec: 1,
      name: 'hop',
      dials: 'all',
      connect: (_, options, signal) => connect(engines, options, signal),
    }
    const each = (act: (engine: MemoryEngine) => void) => async () => engines.forEach(act)
    const ail =
      (fault: 'stalled' | 'leaderless') =>
      async ({ name }: ChannelSpec) => {
        for (const engine of engines) engine.fault(name, fault)
        return each((engine) => engine.cure(name))
      }
    return {
      driver,
      endpoints: ['sites'],
      // X1 runs ten of everything beside it, in one process with both engines and their clients.
      leaseMs: 1_000,
      hang: each((engine) => engine.hang()),
      heal: each((engine) => engine.heal()),
      makesChannels: true,
      deleteChannel: ({ name }) => each((engine) => engine.delete(name))(),
      revoke: ({ name }) => each((engine) => engine.revoke(name))(),
      expire: (spec) => expire(engines, spec),
      stall: ail('stalled'),
      leaderLoss: ail('leaderless'),
      resources: async () => {
        const [first, second] = engines.map((engine) => engine.counts())
        if (first === undefined || second === undefined) throw new Error('there are two engines')
        return {
          links: first.links + second.links,
          receptions: first.receptions + second.receptions,
          due: first.due + second.due,
        }
      },
      dispose: each((engine) => engine.kill()),
    }
  },
  skip: {
    'C1/silent port': noNetwork,
    'C3/refused': "credentials are its sites' affair: a hop is there before any of them accepts",
    C4: noNetwork,
    O2: 'it keeps every setting that a channel can have',
    'S5/kill': noEnd,
    'S5/cut': noEnd,
    S6: noEnd,
    S12: 'no other client speaks to it',
    'R4/wiped': noEnd,
    Q1: noEnd,
    H3: 'a site that drains is left for another one: nobody has to leave the hop',
    'H4/nobody there': noEnd,
    'E1/SIGKILL': noEnd,
    'E1/SIGTERM': noEnd,
    'E1/expired credentials': 'its sites renew what expires, and it lives on',
    'E1/garbage': noNetwork,
    'E1/cut': noEnd,
    E2: noEnd,
    'E3/kill': noEnd,
  },
}

/** Sends so many that retention takes what was there before. */
async function expire(engines: Engines, spec: ChannelSpec): Promise<number> {
  const credentials = async () => ({ by: 'none' }) as const
  const options = { client: 'filler', nonce: 'conformanceNonce', missing: 'create', credentials } as const
  const link = await connect(engines, options, new AbortController().signal)
  const channel = await link.open(spec, AbortSignal.timeout(5_000))
  await new Promise<void>((resolve) => {
    let open = RETAINED
    const report = () => {
      open -= 1
      if (open === 0) resolve()
    }
    channel.send(
      Array.from({ length: RETAINED }, () => ({ path: 'a', body: 'more' })),
      report,
    )
  })
  await link.close(AbortSignal.abort())
  return RETAINED
}

describeDriver('hop', harness)
