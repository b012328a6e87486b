import { type ConnectOptions, type Driver, type Endpoint, type Link, MessagingError } from '@spanwire/driver'
import { Cuts } from '../runtime/cuts.js'
import { inTime } from '../runtime/in-time.js'
import type { Runtime } from '../runtime/runtime.js'
import { isRefusal } from './state.js'

/** The next endpoint gets its chance after this, without waiting for the verdict on the one before. */
const STAGGER_MS = 250
const AT_ONCE = 2

export interface DialOptions {
  readonly site: string
  readonly driver: Driver
  /** Asked once per link, for each has a client name of its own. */
  connectOptions(): ConnectOptions
  /** Patience with one endpoint. */
  readonly timeoutMs: number
  readonly runtime: Runtime
  /** Takes charge of what outlives the race: losers on their way out. Never rejects. */
  own(work: Promise<void>): void
}

export interface Dialed {
  readonly link: Link
  readonly endpoint: Endpoint
  /** How long connecting took. */
  readonly tookMs: number
}

/**
 * The first link among the endpoints: a staggered race, at most two at once, the next at once when one fails. A driver
 * that dials `all` is asked once. Rejects when all have failed, with a refusal if there was one; `canceled` by the signal.
 * Losers are aborted, and closed if they had come through.
 */
export function dial(endpoints: readonly Endpoint[], options: DialOptions, signal: AbortSignal): Promise<Dialed> {
  const groups = options.driver.dials === 'all' || endpoints.length === 0 ? [endpoints] : endpoints.map((one) => [one])
  return new Promise((resolve, reject) => {
    const race = new Cuts()
    const errors: MessagingError[] = []
    let started = 0
    let stagger = () => {}
    const finish = (but?: AbortController) => {
      stagger()
      signal.removeEventListener('abort', cancel)
      race.abort(but)
    }
    const cancel = () => {
      finish()
      reject(new MessagingError('canceled', `Dialing ${options.site} was given up.`))
    }
    const won = (dialed: Dialed, cut: AbortController) => {
      if (race.aborted) return dialed.link.close(cut.signal)
      finish(cut)
      return resolve(dialed)
    }
    const failed = (error: unknown) => {
      const fault = asFault(error, `Connecting to ${options.site} failed.`)
      errors.push(fault)
      if (errors.length < groups.length) return next()
      finish()
      reject(errors.find(isRefusal) ?? fault)
    }
    const next = () => {
      stagger()
      const group = groups[started]
      if (!group || started - errors.length >= AT_ONCE || race.aborted) return
      started += 1
      stagger = options.runtime.after(STAGGER_MS, next)
      const cut = race.add()
      options.own(connect(group, options, cut).then((dialed) => won(dialed, cut), failed))
    }
    signal.addEventListener('abort', cancel)
    if (signal.aborted) cancel()
    else next()
  })
}

async function connect(group: readonly Endpoint[], options: DialOptions, cut: AbortController): Promise<Dialed> {
  const { driver, runtime, timeoutMs: ms, site } = options
  const endpoint = group.join(',')
  const late = `${site} (${driver.name} at ${endpoint}) completed no handshake within ${ms} ms: hung, overloaded, or cut off from here.`
  const started = runtime.now()
  const link = await inTime({ runtime, ms, late }, cut, (signal) =>
    driver.connect(group, options.connectOptions(), signal),
  )
  return { link, endpoint, tookMs: runtime.now() - started }
}

/** What a driver should have rejected with, whatever it did. */
export function asFault(error: unknown, what: string): MessagingError {
  return MessagingError.is(error) ? error : new MessagingError('unavailable', what, { cause: error })
}
