import { type Batch, type Flow, MessagingError, type Reception, type Source } from '@spanwire/driver'
import type { Context, Intake } from '../client/context.js'
import type { Routed } from '../client/sending.js'
import { listen } from '../route/listen.js'
import { deferred } from '../runtime/deferred.js'
import { type Attachment, attach } from '../session/attachment.js'
import { HopQueue } from './hop-queue.js'

/** Work of all sites as one reception: each delivery is settled where it came from. */
export class HopWork implements Reception, Intake {
  readonly channel: string
  readonly #context: Context
  readonly #queue: HopQueue
  readonly #attachments: readonly Attachment[]
  readonly #attached = deferred<void>()

  static async attach(
    context: Context,
    routed: Routed,
    source: Source,
    flow: Flow,
    signal: AbortSignal,
  ): Promise<HopWork> {
    const work = new HopWork(context, routed, source, flow)
    const abort = (): void =>
      work.#attached.reject(new MessagingError('canceled', `${routed.name}: attaching was given up`))
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    try {
      await work.#attached.promise
      return work
    } catch (error) {
      await work.stop(AbortSignal.abort())
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  private constructor(context: Context, routed: Routed, source: Source, flow: Flow) {
    this.channel = routed.name
    this.#context = context
    this.#queue = new HopQueue(flow)
    const sites = listen(context.policy(routed.spec), context.picture())
    const share = { ...flow, messages: Math.max(1, Math.floor(flow.messages / sites.length)) }
    this.#attachments = sites.map((site) =>
      attach(context.session(site), routed.spec, {
        runtime: context.runtime,
        flow: share,
        source: () => source,
        onBatch: (batch) => this.#take(batch),
        onState: () => queueMicrotask(() => this.#look()),
      }),
    )
    context.intakes.add(this)
  }

  next(): Promise<Batch | undefined> {
    return this.#queue.next()
  }

  adjust(flow: Flow): void {
    this.#queue.adjust(flow)
    const share = { ...flow, messages: Math.max(1, Math.floor(flow.messages / this.#attachments.length)) }
    for (const attachment of this.#attachments) attachment.adjust(share)
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#queue.end()
    await Promise.all(this.#attachments.map((attachment) => attachment.stop(signal)))
    this.#context.intakes.delete(this)
  }

  #take(batch: Batch): Promise<void> | undefined {
    if (batch.lost !== undefined) this.#queue.lost(batch.lost)
    for (const delivery of batch.deliveries) this.#queue.push(delivery)
    return this.#queue.room()
  }

  #look(): void {
    const states = this.#attachments.map((attachment) => attachment.state)
    const refused = states.flatMap((state) => (state.at === 'refused' ? [state.error] : []))
    if (refused.length === states.length) this.#attached.reject(refused[0])
    else if (states.some((state) => state.at === 'attached')) this.#attached.resolve()
  }
}
