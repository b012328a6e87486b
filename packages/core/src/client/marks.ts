import type { Delivery } from '@spanwire/driver'
import { marksSpec, type Said, type Void } from '../departure/marks.js'
import { type Attachment, attach } from '../session/attachment.js'
import type { Context } from './context.js'

/** Who hears what publishers say of their sources. */
export interface MarksReader {
  /** These will never come. */
  refused(source: string, first: number, last: number): void
  /** At `timeMs` all up to `high` had ended. */
  marked(source: string, high: number, timeMs: number): void
  /** It says no more. */
  ended(source: string): void
}

/** One reception per contract on each site, shared by all readings of it. */
export interface MarksListener {
  readonly readers: Set<MarksReader>
  readonly attachments: Map<string, Attachment>
}

/** What one reading has of the marks of its contract. */
export interface MarksEar {
  /** Hears them at these sites from now on, for all readings of the contract. */
  listen(sites: readonly string[]): void
  stop(): void
}

const FLOW = { messages: 256, bytes: 1 << 20 }

/** Hears the marks and voids of a contract (R6, R15, R16). */
export function listenMarks(context: Context, name: string, sites: readonly string[], reader: MarksReader): MarksEar {
  const shared = context.marks.get(name) ?? { readers: new Set(), attachments: new Map() }
  context.marks.set(name, shared)
  shared.readers.add(reader)
  follow(context, name, shared, sites)
  return {
    listen: (others) => follow(context, name, shared, others),
    stop() {
      shared.readers.delete(reader)
      if (shared.readers.size > 0 || context.marks.get(name) !== shared) return
      context.marks.delete(name)
      follow(context, name, shared, [])
    },
  }
}

function follow(
  context: Context,
  name: string,
  { attachments, readers }: MarksListener,
  sites: readonly string[],
): void {
  for (const [site, attachment] of attachments) {
    if (sites.includes(site)) continue
    attachments.delete(site)
    void attachment.stop(AbortSignal.abort())
  }
  for (const site of sites) {
    if (attachments.has(site)) continue
    const attachment = attach(context.session(site), marksSpec(name), {
      runtime: context.runtime,
      flow: FLOW,
      source: () => ({ start: { at: 'now' } }),
      onBatch: (batch) => {
        for (const delivery of batch.deliveries) tell(readers, delivery)
      },
      onState: () => undefined,
    })
    attachments.set(site, attachment)
  }
}

function tell(readers: ReadonlySet<MarksReader>, delivery: Delivery): void {
  const said = saidIn(delivery)
  for (const [source, first, last] of entries(said?.voids, isVoid))
    for (const reader of readers) reader.refused(source, first, last)
  for (const [publisher, timeMs = 0, ...rest] of entries(said?.marks, isNumbered)) {
    for (let at = 0; at + 1 < rest.length; at += 2)
      for (const reader of readers) reader.marked(`${publisher}${rest[at]}`, rest[at + 1] ?? 0, timeMs)
  }
  for (const [publisher, ...lanes] of entries(said?.ends, isNumbered))
    for (const lane of lanes) for (const reader of readers) reader.ended(`${publisher}${lane}`)
}

/** Strangers may write there: what does not read as ours says nothing. */
function saidIn({ body }: Delivery): Partial<Said> | undefined {
  try {
    const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
    const said: unknown = JSON.parse(text)
    return typeof said === 'object' && said !== null ? said : undefined
  } catch {
    return undefined
  }
}

function entries<Entry>(said: unknown, isOne: (what: unknown) => what is Entry): readonly Entry[] {
  return Array.isArray(said) ? said.filter(isOne) : []
}

function isVoid(what: unknown): what is Void {
  return isNumbered(what) && what.length === 3
}

function isNumbered(what: unknown): what is readonly [publisher: string, ...numbers: number[]] {
  if (!Array.isArray(what) || typeof what[0] !== 'string') return false
  return what.every((one, at) => at === 0 || (Number.isSafeInteger(one) && one >= 0))
}
