import { queue, rpc, topic } from '@spanwire/core'
import { expect } from 'vitest'
import { countdown, failure, range, shape, take, text } from './gather.js'
import type { Promised } from './harness.js'

/** The promises about closing, cancelling and bad input. */
export const endings: readonly Promised[] = [
  {
    title: 'after close every verb says closed',
    run: async ({ client, name }) => {
      const one = await client()
      await one.close()
      const notes = topic(name(), text)
      expect(await failure(one.publish(notes, 'x'))).toMatchObject({ code: 'closed' })
      expect(await failure(one.send(queue(name(), text), 'x'))).toMatchObject({ code: 'closed' })
      expect(await failure(one.request(rpc(name(), text, text), 'x'))).toMatchObject({ code: 'closed' })
      expect(() => one.subscribe(notes)).toThrow(/closed/)
      expect(() => one.consume(queue(name(), text), () => undefined)).toThrow(/closed/)
    },
  },
  {
    title: 'closing many times at once closes once, and everything published before is out',
    run: async ({ client, name }) => {
      const notes = topic(name(), text, { delivery: 'durable' })
      const subscription = (await client()).subscribe(notes)
      await subscription.ready
      const writer = await client()
      const got = take(subscription, 100)
      const sent = range(100).map((n) => writer.publish(notes, `${n}`))
      await Promise.all(range(5).map(() => writer.close()))
      await Promise.all(sent)
      expect((await got).map(({ value }) => Number(value))).toEqual(range(100))
    },
  },
  {
    title: 'close lets running handlers finish, and they may still publish',
    run: async ({ client, name }) => {
      const jobs = queue(name(), text)
      const done = topic(name(), text, { delivery: 'durable' })
      const subscription = (await client()).subscribe(done)
      await subscription.ready
      const one = await client()
      const started = countdown(1)
      let goOn = (): void => undefined
      const gate = new Promise<void>((resolve) => {
        goOn = resolve
      })
      const worker = one.consume(jobs, async (job) => {
        started.hit()
        await gate
        await one.publish(done, job)
      })
      await worker.ready
      await one.send(jobs, 'last')
      await started.done
      const closing = one.close()
      goOn()
      await closing
      expect((await take(subscription, 1)).map(({ value }) => value)).toEqual(['last'])
    },
  },
  {
    title: 'a subscription ends by break, by stop and by its signal, and the others go on',
    run: async ({ client, name }) => {
      const notes = topic(name(), text, { delivery: 'durable' })
      const reader = await client()
      const writer = await client()
      const abort = new AbortController()
      const [broken, stopped, aborted, lasting] = [
        reader.subscribe(notes),
        reader.subscribe(notes),
        reader.subscribe(notes, {}, { signal: abort.signal }),
        reader.subscribe(notes),
      ]
      await Promise.all([broken.ready, stopped.ready, aborted.ready, lasting.ready])
      const ends = [take(stopped, 99), take(aborted, 99)]
      const breaks = take(broken, 1)
      await writer.publish(notes, 'one')
      expect((await breaks).length).toBe(1)
      await stopped.stop()
      abort.abort()
      await Promise.all(ends)
      const got = take(lasting, 2)
      await writer.publish(notes, 'two')
      expect((await got).map(({ value }) => value)).toEqual(['one', 'two'])
    },
  },
  {
    title: 'an aborted signal rejects each verb, and nothing is sent',
    run: async ({ client, name }) => {
      const one = await client()
      const signal = AbortSignal.abort()
      const notes = topic(name(), text, { delivery: 'durable' })
      const subscription = (await client()).subscribe(notes)
      await subscription.ready
      expect(await failure(one.publish(notes, 'never', { signal }))).toMatchObject({ code: 'canceled' })
      expect(await failure(one.send(queue(name(), text), 'x', { signal }))).toMatchObject({ code: 'canceled' })
      expect(await failure(one.request(rpc(name(), text, text), 'x', { signal }))).toMatchObject({ code: 'canceled' })
      await one.publish(notes, 'after')
      expect((await take(subscription, 1)).map(({ value }) => value)).toEqual(['after'])
    },
  },
  {
    title: 'an undecodable message goes to the events with its bytes, and the next one is handled',
    run: async ({ client, name }) => {
      const channel = name()
      const reader = await client()
      const subscription = reader.subscribe(topic(channel, shape<{ n: number }>(), { delivery: 'durable' }))
      await subscription.ready
      const events = reader.watch()[Symbol.asyncIterator]()
      const writer = await client()
      await writer.publish(topic(channel, text, { delivery: 'durable' }), '{"n":')
      await writer.publish(topic(channel, text, { delivery: 'durable' }), '{"n":2}')
      expect((await take(subscription, 1))[0]?.value).toEqual({ n: 2 })
      for (let step = await events.next(); !step.done; step = await events.next()) {
        if (step.value.type !== 'undecodable') continue
        const { body } = step.value
        expect(typeof body === 'string' ? body : new TextDecoder().decode(body)).toBe('{"n":')
        return
      }
      throw new Error('no event told of it')
    },
  },
  {
    title: 'a message over the limit fails alone as too-large, and the next one passes',
    needs: 'tooLarge',
    run: async ({ client, name }) => {
      const notes = topic(name(), text, { delivery: 'durable' })
      const subscription = (await client()).subscribe(notes)
      await subscription.ready
      const writer = await client()
      const huge = failure(writer.publish(notes, 'x'.repeat(8 << 20)))
      const small = writer.publish(notes, 'small')
      expect(await huge).toMatchObject({ code: 'too-large' })
      await small
      expect((await take(subscription, 1)).map(({ value }) => value)).toEqual(['small'])
    },
  },
]
