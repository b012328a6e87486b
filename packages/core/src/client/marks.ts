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
  readonly attachments: readonly Attachment[]
}

const FLOW = { messages: 256, bytes: 1 << 20 }

/** Hears the marks and voids of a contract at the given sites (R6, R15, R16). The result stops listening. */
export function listenMarks(context: Context, name: string, sites: readonly string[], reader: MarksReader): () => void {
  const shared = context.marks.get(name) ?? start(context, name, sites)
  shared.readers.add(reader)
  return () => {
    shared.readers.delete(reader)
    if (shared.readers.size > 0 || context.marks.get(name) !== shared) return
    context.marks.delete(name)
    for (const attachment of shared.attachments) void attachment.stop(AbortSignal.abort())
  }
}

function start(context: Context, name: string, sites: readonly string[]): MarksListener {
  const readers = new Set<MarksReader>()
  const attachments = sites.map((site) =>
    attach(context.session(site), marksSpec(name), {
      runtime: context.runtime,
      flow: FLOW,
      source: () => ({ start: { at: 'now' } }),
      onBatch: (batch) => {
        for (const delivery of batch.deliveries) tell(readers, delivery)
      },
      onState: () => undefined,
    }),
  )
  const shared = { readers, attachments }
  context.marks.set(name, shared)
  return shared
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
