import { queue, rpc } from '@spanwire/core'
import { expect } from 'vitest'
import { countdown, failure, range, shape, text } from './gather.js'
import type { Promised } from './harness.js'

interface Keyed {
  readonly key: string
  readonly n: number
}

/** The promises of queues and requests. */
export const queues: readonly Promised[] = [
  {
    title: 'a job is done once by one of ten consumers, 16 keys in order',
    needs: 'keyed',
    run: async ({ client, name }) => {
      const jobs = queue(name(), shape<Keyed>(), { key: ({ key }) => key })
      const { done, hit } = countdown(16 * 20)
      const orders = new Map<string, number[]>()
      for (const _ of range(10)) {
        const worker = (await client()).consume(jobs, ({ key, n }) => {
          orders.set(key, [...(orders.get(key) ?? []), n])
          hit()
        })
        await worker.ready
      }
      const sender = await client()
      for (const n of range(20)) await Promise.all(range(16, 0).map((k) => sender.send(jobs, { key: `k${k}`, n })))
      await done
      expect([...orders.values()].map((numbers) => numbers.length)).toEqual(range(16).map(() => 20))
      for (const numbers of orders.values()) expect(numbers).toEqual(range(20))
    },
  },
  {
    title: 'a job whose handler fails is tried again, and the count of its tries is told',
    run: async ({ client, name }) => {
      const jobs = queue(name(), text, { retry: ['20ms'] })
      const { done, hit } = countdown(1)
      const attempts: number[] = []
      const worker = (await client()).consume(jobs, (_, { attempt }) => {
        attempts.push(attempt)
        if (attempts.length < 3) throw new Error('not yet')
        hit()
      })
      await worker.ready
      await (await client()).send(jobs, 'x')
      await done
      expect(attempts).toEqual([1, 2, 3])
    },
  },
  {
    title: 'a job that cannot be done ends in the dead letter with its body and headers',
    run: async ({ client, name }) => {
      const deadLetter = name()
      const jobs = queue(name(), text, { maxDeliveries: 2, retry: ['10ms'], deadLetter })
      const one = await client()
      const { done, hit } = countdown(1)
      const letters: [string, string | undefined][] = []
      const undertaker = one.consume(queue(deadLetter, text), (body, { headers }) => {
        letters.push([body, headers['tenant']])
        hit()
      })
      const worker = one.consume(jobs, () => {
        throw new Error('never')
      })
      await Promise.all([undertaker.ready, worker.ready])
      await one.send(jobs, 'poor thing', { headers: { tenant: 't1' } })
      await done
      expect(letters).toEqual([['poor thing', 't1']])
    },
  },
  {
    title: 'what a worker did not settle when it left is done by another',
    run: async ({ client, name }) => {
      const jobs = queue(name(), text)
      const { done, hit } = countdown(50)
      const seen = new Set<string>()
      const work = (job: string): void => {
        if (!seen.has(job)) hit()
        seen.add(job)
      }
      const leaver = await client()
      const first = leaver.consume(jobs, work, { concurrency: 5 })
      await first.ready
      const sender = await client()
      await Promise.all(range(50).map((n) => sender.send(jobs, `${n}`)))
      await leaver.close()
      const second = (await client()).consume(jobs, work, { concurrency: 5 })
      await second.ready
      await done
      expect(seen.size).toBe(50)
    },
  },
  {
    title: 'a failing job does not stop the others',
    run: async ({ client, name }) => {
      const jobs = queue(name(), text, { retry: ['50ms'], maxDeliveries: 3 })
      const { done, hit } = countdown(20)
      const worker = (await client()).consume(jobs, (job) => {
        if (job === 'bad') throw new Error('bad')
        hit()
      })
      await worker.ready
      const sender = await client()
      await sender.send(jobs, 'bad')
      await Promise.all(range(20).map((n) => sender.send(jobs, `${n}`)))
      await done
    },
  },
  {
    title: 'a delayed job comes, and not before the ones sent after it',
    needs: 'delay',
    run: async ({ client, name }) => {
      const jobs = queue(name(), text)
      const { done, hit } = countdown(2)
      const order: string[] = []
      const worker = (await client()).consume(jobs, (job) => {
        order.push(job)
        hit()
      })
      await worker.ready
      const sender = await client()
      await sender.send(jobs, 'later', { delay: '300ms' })
      await sender.send(jobs, 'now')
      await done
      expect(order).toEqual(['now', 'later'])
    },
  },
  {
    title: 'a hundred requests at once each get their own reply, and a failing handler its text',
    run: async ({ client, name }) => {
      const ask = rpc(name(), text, text)
      const server = (await client()).respond(ask, (query) => {
        if (query === 'bad') throw new Error('bad query')
        return `re: ${query}`
      })
      await server.ready
      const asker = await client()
      const replies = await Promise.all(range(100).map((n) => asker.request(ask, `${n}`)))
      expect(replies).toEqual(range(100).map((n) => `re: ${n}`))
      expect(await failure(asker.request(ask, 'bad'))).toMatchObject({ code: 'remote', message: 'bad query' })
    },
  },
  {
    title: 'a request to nobody fails as not sent, at once',
    needs: 'noResponders',
    run: async ({ client, name }) => {
      const ask = rpc(name(), text, text)
      expect(await failure((await client()).request(ask, 'x', { timeout: '20s' }))).toMatchObject({ code: 'not-found' })
    },
  },
]
