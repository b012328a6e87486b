import { expect, it } from 'vitest'
import { abortedAt } from './errors.js'
import { obeying } from './obeying.js'

const at = (signal: AbortSignal) => () => abortedAt('the engine', signal, 'The work')

it('gives what the work gives, also when the signal aborts afterwards', async () => {
  const abort = new AbortController()
  const { signal } = abort
  await expect(obeying(signal, at(signal), Promise.resolve(7))).resolves.toBe(7)
  await expect(obeying(signal, at(signal), Promise.reject(new Error('no')))).rejects.toThrow('no')
  abort.abort()
})

it('does not wait on after the abort, nor for what fails later', async () => {
  const abort = new AbortController()
  const { signal } = abort
  let fail: (error: Error) => void = () => undefined
  const work = new Promise<never>((_, reject) => {
    fail = reject
  })
  const waits = obeying(signal, at(signal), work)
  abort.abort()
  await expect(waits).rejects.toMatchObject({ code: 'canceled' })
  fail(new Error('nobody hears of it'))
  await expect(obeying(signal, at(signal), new Promise(() => undefined))).rejects.toMatchObject({ code: 'canceled' })
})

it('calls the end of a deadline a timeout', async () => {
  const signal = AbortSignal.abort(new DOMException('late', 'TimeoutError'))
  await expect(obeying(signal, at(signal), new Promise(() => undefined))).rejects.toMatchObject({
    code: 'timeout',
    message: 'The work got no answer from the engine in time.',
  })
})
