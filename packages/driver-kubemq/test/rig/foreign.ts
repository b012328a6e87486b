import { credentials } from '@grpc/grpc-js'
import type { ChannelSpec } from '@spanwire/driver'
import type { Foreign } from '@spanwire/testkit'
import { EventsStoreType, kubemqClient, SubscribeType } from '../../src/proto/kubemq.js'

/** What it says beside the body. */
interface Says {
  readonly metadata?: string
  readonly tags?: { [name: string]: string }
}

/** A program on bare gRPC that knows nothing of us but the channels. */
interface Bare extends Foreign {
  publish(spec: ChannelSpec, path: string, body: string, says?: Says): Promise<void>
}

export function foreign(endpoint: string): Bare {
  return {
    async publish(spec, path, body, { metadata = '', tags = {} } = {}) {
      const client = new kubemqClient(endpoint, credentials.createInsecure())
      const common = { clientId: 'foreign', channel: channelOf(spec, path), metadata, body: Buffer.from(body), tags }
      await new Promise<void>((resolve, reject) => {
        const answered = (error: Error | null, result: { readonly error: string }): void => {
          if (error || result.error) reject(error ?? new Error(result.error))
          else resolve()
        }
        if (spec.kind === 'queue') {
          const message = { ...common, messageId: '', attributes: undefined, policy: undefined }
          client.sendQueueMessage(message, answered)
        } else client.sendEvent({ ...common, eventId: '', store: isStored(spec) }, answered)
      })
      client.close()
    },
    async read(spec, count) {
      const client = new kubemqClient(endpoint, credentials.createInsecure())
      const stored = isStored(spec)
      const stream = client.subscribeToEvents({
        subscribeTypeData: stored ? SubscribeType.EVENTS_STORE : SubscribeType.EVENTS,
        clientId: `foreign-${Date.now()}`,
        channel: channelOf(spec, '*'),
        group: '',
        eventsStoreTypeData: stored ? EventsStoreType.START_FROM_LAST : EventsStoreType.UNDEFINED,
        eventsStoreTypeValue: 0n,
      })
      const bodies: string[] = []
      // What is stored already comes first, and shows that we are in.
      let skip = stored ? 1 : 0
      let attached = (): void => undefined
      const isAttached = new Promise<void>((resolve) => {
        attached = resolve
      })
      const all = new Promise<readonly string[]>((resolve, reject) => {
        stream.on('error', reject)
        stream.on('data', (event: { body: Uint8Array }) => {
          attached()
          if (skip-- > 0) return
          bodies.push(Buffer.from(event.body).toString())
          if (bodies.length < count) return
          stream.removeAllListeners('error').on('error', () => undefined)
          client.close()
          stream.cancel()
          resolve(bodies)
        })
      })
      if (stored) await isAttached
      else await new Promise((resolve) => setTimeout(resolve, 100))
      return { bodies: all }
    },
  }
}

function isStored(spec: ChannelSpec): boolean {
  return spec.kind === 'topic' && spec.keep === 'durable'
}

function channelOf(spec: ChannelSpec, path: string): string {
  return isStored(spec) || spec.kind === 'queue' || spec.params === 0 ? spec.name : `${spec.name}.${path}`
}
