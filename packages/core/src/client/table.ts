import { type ChannelSpec, MessagingError } from '@spanwire/driver'
import { newer } from '../arrival/winner.js'
import type { OutputOf, ParamsOf, Topic } from '../contract/contract.js'
import { decode } from '../contract/decode.js'
import { paramsOf, pathsOf, patternOf } from '../contract/template.js'
import { deferred } from '../runtime/deferred.js'
import { inTime } from '../runtime/in-time.js'
import type { BareClient, Table, TableEntry, TableOptions } from './api.js'
import { type Context, channelOf, contextOf, type Intake } from './context.js'
import { follow, watchSites } from './follow.js'
import { readable } from './headers.js'
import { listenAt } from './listening.js'
import { Reading } from './reading.js'
import type { Filter, Merge, ReadingSink } from './reading-options.js'
import type { Taken } from './taken.js'
import { tellUndecodable } from './undecodable.js'
import { isComing } from './working.js'

/** What a path stands at; a tombstone is a value too (R48). */
interface Row {
  readonly taken: Taken
  readonly entry: TableEntry | undefined
}

interface Watcher {
  readonly changed: Set<string>
  wake: (() => void) | undefined
}

/** Paths that a table holds, tombstones included; beyond, the path that changed longest ago is forgotten. */
const MAX_ROWS = 200_000
const FLOW = { messages: 1_024, bytes: 4 << 20 }
const STOP_MS = 5_000

/** The newest value per path over all sites, kept up to date: snapshot and live pass the same comparator (R46-R48). */
export function table<C extends Topic>(
  client: BareClient,
  topic: C,
  params?: Partial<ParamsOf<C>>,
  options?: TableOptions,
): Table<OutputOf<C>, ParamsOf<C>>
export function table(
  client: BareClient,
  topic: Topic,
  params: Filter = {},
  options: TableOptions = {},
): Table<unknown, unknown> {
  const context = contextOf(client)
  context.assertOpen(`table of ${topic.name}`)
  if (!topic.latest)
    throw new MessagingError('invalid', `table of ${topic.name}: only a topic with latest: true keeps values`)
  return new LiveTable(context, topic, params, options)
}

class LiveTable implements Table, ReadingSink, Intake {
  readonly channel: string
  readonly ready: Promise<void>
  tap: Intake['tap']
  readonly #context: Context
  readonly #topic: Topic
  readonly #rows = new Map<string, Row>()
  readonly #watchers = new Set<Watcher>()
  readonly #isReady = deferred<void>()
  readonly merge: Merge = { take: (taken) => this.#take(taken) }
  readonly #reading: Reading
  readonly #unwatch: () => void
  #unfollow: (() => void) | undefined
  #size = 0
  #stopping: Promise<void> | undefined

  constructor(context: Context, topic: Topic, params: Filter, options: TableOptions) {
    const pattern = patternOf(topic, params)
    this.#context = context
    this.#topic = topic
    this.channel = channelOf(topic, pattern)
    this.ready = this.#isReady.promise
    this.ready.catch(() => undefined)
    this.#reading = new Reading(
      context,
      {
        name: topic.name,
        channel: this.channel,
        spec: topic.spec,
        keep: topic.delivery,
        latest: true,
        paths: pathsOf(pattern),
        sites: listenAt(context, topic.spec),
        from: { at: 'latest' },
        startWallMs: context.runtime.wall(),
        order: 'newest',
        group: undefined,
        flow: { ...FLOW, ...(options.maxRate === undefined ? undefined : { conflateHz: options.maxRate }) },
        gaps: false,
      },
      this,
    )
    context.intakes.add(this)
    this.#unwatch = watchSites(context, topic.name, () => this.#look())
    this.#unfollow = follow(options.signal, () => this.stop())
  }

  get size(): number {
    return this.#size
  }

  get(path: string): TableEntry | undefined {
    return this.#rows.get(path)?.entry
  }

  *entries(): IterableIterator<[string, TableEntry]> {
    for (const [path, { entry }] of this.#rows) if (entry !== undefined) yield [path, entry]
  }

  async *changes(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<readonly string[]> {
    const watcher: Watcher = { changed: new Set(this.#rows.keys()), wake: undefined }
    const { signal } = options
    this.#watchers.add(watcher)
    const unfollow = follow(signal, () => watcher.wake?.())
    try {
      while (!signal?.aborted) {
        if (watcher.changed.size > 0) {
          const paths = [...watcher.changed]
          watcher.changed.clear()
          yield paths
        } else if (this.#stopping !== undefined) return
        else await new Promise<void>((resolve) => (watcher.wake = resolve))
      }
    } finally {
      this.#watchers.delete(watcher)
      unfollow()
    }
  }

  status(): { complete: boolean; missing: readonly string[] } {
    const caughtUp = this.#reading.caughtUp
    const missing = this.#reading.sites.filter((site) => !caughtUp.includes(site))
    return { complete: missing.length === 0, missing }
  }

  get spec(): ChannelSpec {
    return this.#topic.spec
  }

  reroute(): void {
    this.#reading.listen(listenAt(this.#context, this.spec))
    this.changed()
  }

  pace(): void {
    this.#reading.pace()
  }

  stop(signal?: AbortSignal): Promise<void> {
    const limit = { runtime: this.#context.runtime, ms: STOP_MS, late: '' }
    this.#stopping ??= signal ? this.#end(signal) : inTime(limit, new AbortController(), (cut) => this.#end(cut))
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  room(): undefined {
    return undefined
  }

  changed(): void {
    queueMicrotask(() => this.#look())
  }

  /** The comparator is all: a copy of what is there does not replace it, whatever order copies come in. */
  #take(taken: Taken): void {
    const { path } = taken.delivery
    const row = this.#rows.get(path)
    if (row !== undefined && !replaces(taken, row.taken)) return
    if (!taken.removed) this.#read(taken)
    else this.#set(path, { taken, entry: undefined })
  }

  #read(taken: Taken): void {
    const refuse = (error: unknown): void => void tellUndecodable(this.#context, this.#topic, taken, error)
    try {
      const value = decode(this.#topic, readable(taken.delivery))
      if (value instanceof Promise) value.then((decoded) => this.#put(taken, decoded), refuse)
      else this.#put(taken, value)
    } catch (error) {
      refuse(error)
    }
  }

  #put(taken: Taken, value: unknown): void {
    const { path } = taken.delivery
    const row = this.#rows.get(path)
    // An asynchronous schema may be overtaken by a newer value.
    if (row !== undefined && row.taken !== taken && !replaces(taken, row.taken)) return
    const entry = {
      value,
      params: paramsOf(this.#topic, path),
      path,
      timeMs: taken.timeMs,
      site: taken.site,
      stale: false,
    }
    this.#set(path, { taken, entry })
  }

  #set(path: string, row: Row): void {
    const before = this.#rows.get(path)
    this.#size += (row.entry === undefined ? 0 : 1) - (before?.entry === undefined ? 0 : 1)
    this.#rows.set(path, row)
    if (before === undefined && this.#rows.size > MAX_ROWS) this.#forget()
    for (const watcher of this.#watchers) {
      watcher.changed.add(path)
      watcher.wake?.()
    }
  }

  #forget(): void {
    for (const [path, { entry }] of this.#rows) {
      this.#rows.delete(path)
      if (entry !== undefined) this.#size -= 1
      return
    }
  }

  /** Values of a lost site are stale until some site gives them again (R47). */
  #look(): void {
    const attached = new Set(this.#reading.attached)
    for (const [path, { entry, taken }] of this.#rows) {
      if (entry === undefined) continue
      const stale = attached.size === 0 || !attached.has(entry.site)
      if (stale !== entry.stale && !(stale && this.#servedElsewhere(attached)))
        this.#set(path, { taken, entry: { ...entry, stale } })
    }
    const { refusal } = this.#reading
    if (refusal !== undefined) this.#isReady.reject(refusal)
    const { missing } = this.status()
    if (
      missing.length < this.#reading.sites.length &&
      missing.every((site) => !attached.has(site) && !isComing(this.#context, site))
    )
      this.#isReady.resolve()
  }

  /** Under `all()` every other site carries the same lines: nothing goes stale while one is attached. */
  #servedElsewhere(attached: ReadonlySet<string>): boolean {
    return attached.size > 0 && this.#context.policy(this.#topic.spec).by === 'all'
  }

  async #end(signal: AbortSignal): Promise<void> {
    this.#unwatch()
    this.#unfollow?.()
    this.#isReady.reject(new MessagingError('closed', `${this.channel}: the table was stopped`))
    await this.#reading.stop(signal)
    this.#context.intakes.delete(this)
    for (const watcher of this.#watchers) watcher.wake?.()
  }
}

/** Foreign messages have no number that tells a copy from a newer one: the engine's id does, where there is one (R39). */
function replaces(taken: Taken, before: Taken): boolean {
  return newer(taken, before) && (taken.id === undefined || taken.id !== before.id)
}
